using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class CampaignListTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private static async Task<List<Guid>> IdsAsync(CacheServiceHost host, string query = "", string? token = null) =>
        [.. (await host.JsonAsync("/api/campaigns" + query, token)).GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetGuid())];

    [Fact]
    public async Task Questions_that_mean_the_same_are_one_load()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        host.Open();
        foreach (var query in new[] { "?query=summer", "?query=SUMMER", "?query=%20Summer%20", "?limit=50&query=summer" }) { Assert.Single(await IdsAsync(host, query)); }
        Assert.Equal(1, host.Peers.CallsTo("/internal/campaigns?"));
        Assert.Equal(1, host.Peers.CallsTo("/internal/campaigns?limit=50&drafts=false&rehearsals=false&query=summer"));
        host.Clock.Advance(TimeSpan.FromSeconds(2.1));
        await IdsAsync(host, "?query=summer");
        Assert.Equal(2, host.Peers.CallsTo("/internal/campaigns?"));
    }

    [Fact]
    public async Task A_change_of_any_campaign_ends_every_page()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await IdsAsync(host);
        var added = host.Open();
        Assert.Equal([campaign.Id], await IdsAsync(host));
        await host.PublishAsync(Topics.CampaignChanged, added.Id, new CampaignChanged(added));
        await Eventually.TrueAsync(async () => (await IdsAsync(host)).Contains(added.Id), s_limit, "the new campaign is listed");
    }

    [Fact]
    public async Task Operators_see_all_and_others_neither_drafts_nor_rehearsals_even_if_the_owner_sends_them()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var open = host.Open();
        var draft = host.Open(campaign => campaign with { Phase = CampaignPhase.Draft });
        var rehearsal = host.Open(campaign => campaign with { Rehearsal = true });
        Assert.Equal([open.Id], await IdsAsync(host));
        Assert.Equal([open.Id], await IdsAsync(host, token: host.Token(rehearsal: rehearsal.Id)));
        Assert.Equal(new[] { open.Id, draft.Id, rehearsal.Id }.Order(), (await IdsAsync(host, token: host.OperatorToken())).Order());
        Assert.Equal(1, host.Peers.CallsTo("/internal/campaigns?limit=50&drafts=true&rehearsals=true"));
        // The operator's page is not the public's.
        Assert.Equal([open.Id], await IdsAsync(host));
    }

    [Fact]
    public async Task The_clock_moves_a_listed_campaign_on()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        host.Open(campaign => campaign with { ClosesAt = host.Now.AddSeconds(1) });
        Assert.Single(await IdsAsync(host, "?state=open"));
        host.Clock.Advance(TimeSpan.FromSeconds(1.5));
        Assert.Empty(await IdsAsync(host, "?state=open"));
        Assert.Equal(1, host.Peers.CallsTo("/internal/campaigns?"));
    }

    [Fact]
    public async Task Position_and_next_are_handed_through()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        host.Peers.Page = new([], "the-next");
        var page = await host.JsonAsync("/api/campaigns?after=some-position&limit=7");
        Assert.Equal("the-next", page.GetProperty("next").GetString());
        Assert.Equal(1, host.Peers.CallsTo("/internal/campaigns?limit=7&drafts=false&rehearsals=false&after=some-position"));
        host.Peers.Page = new([], null);
        Assert.Equal(System.Text.Json.JsonValueKind.Null, (await host.JsonAsync("/api/campaigns")).GetProperty("next").ValueKind);
    }

    [Fact]
    public async Task While_the_owner_is_away_the_last_page_is_given()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        host.Open();
        await IdsAsync(host);
        host.Peers.CouponsAway = true;
        host.Clock.Advance(TimeSpan.FromMinutes(10));
        using var response = await host.GetAsync("/api/campaigns");
        Assert.Single((await CacheServiceHost.BodyAsync(response)).GetProperty("items").EnumerateArray());
        Assert.InRange(response.Headers.Age!.Value.TotalMinutes, 10, 10.1);
        await host.RefusedAsync(503, "unavailable", "/api/campaigns?query=another");
    }
}
