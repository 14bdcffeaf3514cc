using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using FirstCome.CouponService.Campaigns;
using FirstCome.ServiceDefaults;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>What other services read of campaigns.</summary>
public sealed class CampaignsInternalTests
{
    [Fact]
    public async Task A_campaign_is_read_whole_with_its_version()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.CreateAsync();
        var answer = await host.InternalAsync($"/internal/campaigns/{id}");
        answer.Is(200);
        Assert.Equal("\"1\"", answer.ETag);
        var campaign = await host.StandingAsync(id);
        Assert.Equal((id, 1, CampaignPhase.Draft, "봄 쿠폰"), (campaign.Id, campaign.Version, campaign.Phase, campaign.Name.Ko));
        (await host.InternalAsync($"/internal/campaigns/{Guid.CreateVersion7()}")).Is(404, "campaign-unknown");
        (await host.SendAsync("GET", $"/internal/campaigns/{id}", host.OperatorToken, null)).Is(401, "unauthenticated");
        (await host.SendAsync("GET", "/internal/campaigns", null, null, (InternalApi.ServiceKeyHeader, "another-key-of-the-tests-long-enough"))).Is(401, "unauthenticated");
    }

    [Fact]
    public async Task The_list_filters_by_the_state_at_the_moment_of_asking()
    {
        await using var host = await CampaignsHost.StartAsync();
        var now = host.Clock.GetUtcNow();
        var campaigns = new List<Campaign>();
        var all = from phase in Enum.GetValues<CampaignPhase>() from opens in (int[])[-90, -60, -1, 0, 30, 90] from length in (int[])[1, 60, 120] from rehearsal in (bool[])[false, true] select (phase, opens, length, rehearsal);
        foreach (var (phase, opens, length, rehearsal) in all)
        {
            var opensAt = DateTimeOffset.FromUnixTimeMilliseconds(now.AddMinutes(opens).ToUnixTimeMilliseconds());
            await AddAsync(host, campaigns, CampaignsInputs.Draft() with { Id = Guid.CreateVersion7(), Phase = phase, OpensAt = opensAt, ClosesAt = opensAt.AddMinutes(length), Rehearsal = rehearsal });
        }
        foreach (var state in Enum.GetValues<CampaignState>())
        {
            var expected = campaigns.Where(campaign => campaign.StateAt(host.Clock.GetUtcNow()) == state).ToList();
            Assert.NotEmpty(expected);
            var name = state.ToString().ToLowerInvariant();
            Assert.Equal(Sorted(expected), await AllAsync(host, $"state={name}&drafts=true&rehearsals=true"));
            Assert.Equal(Sorted(expected.Where(campaign => !campaign.Rehearsal && campaign.Phase != CampaignPhase.Draft)), await AllAsync(host, $"state={name}"));
        }
        Assert.Equal(Sorted(campaigns.Where(campaign => campaign.Phase != CampaignPhase.Draft)), await AllAsync(host, "rehearsals=true"));
        Assert.Equal(Sorted(campaigns.Where(campaign => !campaign.Rehearsal)), await AllAsync(host, "drafts=true"));
    }

    [Fact]
    public async Task The_search_finds_either_name_whatever_the_case_and_takes_every_character_as_itself()
    {
        await using var host = await CampaignsHost.StartAsync();
        var campaigns = new List<Campaign>();
        foreach (var (ko, en) in (ReadOnlySpan<(string, string)>)[("봄 쿠폰 50%", "Spring_Sale!"), ("가을 쿠폰 500", "AUTUMN Sale"), ("겨울", "Ünï")])
        {
            campaigns.Add(CampaignsInputs.Draft() with { Id = Guid.CreateVersion7(), Phase = CampaignPhase.Active, Name = new LocalizedText(ko, en) });
        }
        foreach (var campaign in campaigns) { await AddAsync(host, [], campaign); }
        (string Query, int[] Found)[] searches =
        [
            ("쿠폰", [0, 1]), ("sale", [0, 1]), ("autumn", [1]), ("50%", [0]), ("g_s", [0]), ("sale!", [0]), ("ÜNÏ", [2]), ("500\nautumn", []), ("a_e", []), ("봄%50", []), ("e!", [0]), ("nothing", []), ("", [0, 1, 2]), ("' OR 1=1 --", []),
        ];
        foreach (var (query, found) in searches)
        {
            if (query.Contains('\n', StringComparison.Ordinal))
            {
                Assert.Equal(["query"], (await host.InternalAsync($"/internal/campaigns?query={Uri.EscapeDataString(query)}")).Fields);
                continue;
            }
            Assert.Equal(Sorted(found.Select(index => campaigns[index])), await AllAsync(host, $"query={Uri.EscapeDataString(query)}"));
        }
        Assert.Equal(["query"], (await host.InternalAsync($"/internal/campaigns?query={new string('a', 500)}")).Fields);
        Assert.Equal(["state"], (await host.InternalAsync("/internal/campaigns?state=Open")).Fields);
        Assert.Equal(["after"], (await host.InternalAsync($"/internal/campaigns?after={Cursor.Encode("x", "y")}")).Fields);
        Assert.Equal(["drafts"], (await host.InternalAsync("/internal/campaigns?drafts=perhaps")).Fields);
    }

    private static Task AddAsync(CampaignsHost host, List<Campaign> campaigns, Campaign campaign)
    {
        campaigns.Add(campaign);
        return host.Database.WriteAsync((connection, transaction, token) => CampaignRow.InsertAsync(connection, transaction, campaign, token), TestContext.Current.CancellationToken);
    }

    // Pages of seven, so that their borders fall among campaigns with the same window too.
    private static async Task<IReadOnlyList<Guid>> AllAsync(CampaignsHost host, string filter)
    {
        var ids = new List<Guid>();
        string? after = null;
        do
        {
            var answer = await host.InternalAsync($"/internal/campaigns?limit=7&{filter}{(after is null ? "" : $"&after={after}")}");
            answer.Is(200);
            var page = JsonSerializer.Deserialize<CampaignPage>(answer.Body, ApiJson.Options)!;
            Assert.InRange(page.Items.Count, 0, 7);
            ids.AddRange(page.Items.Select(campaign => campaign.Id));
            after = page.Next;
        }
        while (after is not null);
        return ids;
    }

    private static IReadOnlyList<Guid> Sorted(IEnumerable<Campaign> campaigns) =>
        [.. campaigns.OrderByDescending(campaign => campaign.OpensAt).ThenByDescending(campaign => campaign.Id.ToString(), StringComparer.Ordinal).Select(campaign => campaign.Id)];
}
