using FirstCome.Contracts.Campaigns;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class CountsTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private static string Internal(Guid id) => $"/internal/campaigns/{id}/counts";

    [Fact]
    public async Task Remaining_is_quota_and_released_without_accepted()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        host.Peers.Counts[campaign.Id] = new(Accepted: 60, Issued: 55, Released: 3, host.Now);
        var counts = await host.JsonAsync($"/api/campaigns/{campaign.Id}/counts");
        Assert.Equal(["accepted", "asOf", "issued", "quota", "released", "remaining", "state"], counts.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal((60, 55, 3, 43), (Of("accepted"), Of("issued"), Of("released"), Of("remaining")));

        long Of(string name) => counts.GetProperty(name).GetInt64();
    }

    [Fact]
    public async Task However_many_ask_the_owner_is_asked_once_a_second()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.JsonAsync($"/api/campaigns/{campaign.Id}/counts")));
        host.Clock.Advance(TimeSpan.FromMilliseconds(900));
        await host.JsonAsync($"/api/campaigns/{campaign.Id}/counts");
        Assert.Equal(1, host.Peers.CallsTo(Internal(campaign.Id)));
        host.Clock.Advance(TimeSpan.FromMilliseconds(100));
        await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => host.JsonAsync($"/api/campaigns/{campaign.Id}/counts")));
        Assert.Equal(2, host.Peers.CallsTo(Internal(campaign.Id)));
    }

    [Fact]
    public async Task Numbers_are_told_for_five_seconds_without_their_owner_and_no_longer()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await Eventually.TrueAsync(async () => { using var health = await host.GetAsync("/health"); return health.IsSuccessStatusCode; }, TimeSpan.FromSeconds(20), "it has fetched the signing keys");
        var asOf = (await host.JsonAsync($"/api/campaigns/{campaign.Id}/counts")).GetProperty("asOf").GetString();
        host.Peers.IssuesAway = true;
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(asOf, (await host.JsonAsync($"/api/campaigns/{campaign.Id}/counts")).GetProperty("asOf").GetString());
        host.Clock.Advance(TimeSpan.FromMilliseconds(10));
        await host.RefusedAsync(503, "unavailable", $"/api/campaigns/{campaign.Id}/counts");
        // In vain is asked no oftener than with success.
        var asked = host.Peers.CallsTo(Internal(campaign.Id));
        await host.RefusedAsync(503, "unavailable", $"/api/campaigns/{campaign.Id}/counts");
        Assert.Equal(asked, host.Peers.CallsTo(Internal(campaign.Id)));
        Assert.Equal("degraded", (await host.JsonAsync("/health")).GetProperty("status").GetString());

        host.Peers.IssuesAway = false;
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        await host.JsonAsync($"/api/campaigns/{campaign.Id}/counts");
    }

    [Fact]
    public async Task A_draft_has_given_out_nothing()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var draft = host.Open(campaign => campaign with { Phase = CampaignPhase.Draft });
        Assert.Equal(100, (await host.JsonAsync($"/api/campaigns/{draft.Id}/counts", host.OperatorToken())).GetProperty("remaining").GetInt64());
        Assert.Equal(0, host.Peers.CallsTo(Internal(draft.Id)));
    }
}
