using System.Net;
using System.Text.Json.Nodes;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.SystemTests.Promises;

/// <summary>The five promises of the design, each tried on a whole running system.</summary>
[Collection(OneSystem.Name)]
public sealed class PromiseTests(RunningSystem system)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task Promise_1_never_more_than_N_that_were_not_released_again()
    {
        var campaign = await system.CampaignAsync(quota: 20, change: body => body["releaseCancelled"] = true);
        var members = await system.MembersAsync(campaign, 120);
        var first = await Task.WhenAll(members.Take(80).Select(member => system.ClaimAsync(campaign, member.Token)));
        Assert.Equal(20, first.Count(answer => answer.Status == HttpStatusCode.Accepted));
        Assert.All(first.Where(answer => answer.Status != HttpStatusCode.Accepted), answer => Assert.Equal("sold-out", answer.Problem));

        // Raised by five, and one place given back: six more, and not seven.
        var winner = members[Array.FindIndex(first, answer => answer.Status == HttpStatusCode.Accepted)];
        var code = await CodeAsync(campaign, winner.Token);
        var operatorToken = await system.TokenAsync("operator");
        var raised = await system.SendAsync(HttpMethod.Patch, $"/api/campaigns/{campaign}", operatorToken, new { quota = 25 }, true, ("If-Match", "*"));
        Assert.True(raised.Status == HttpStatusCode.OK, raised.Text);
        var cancelled = await system.SendAsync(HttpMethod.Post, $"/api/coupons/{code}/cancel", operatorToken, new { reason = "a test" });
        Assert.True(cancelled.Status == HttpStatusCode.OK, cancelled.Text);
        await Eventually.TrueAsync(async () => (await CountsAsync(campaign))["released"]!.GetValue<long>() == 1, s_limit, "the place is released");
        var second = await Task.WhenAll(members.Skip(80).Select(member => system.ClaimAsync(campaign, member.Token)));
        Assert.Equal(6, second.Count(answer => answer.Status == HttpStatusCode.Accepted));
        await Eventually.TrueAsync(async () => (await LedgerAsync(campaign)).Count == 26, s_limit, "the ledger has every claim");
        var below = await system.SendAsync(HttpMethod.Patch, $"/api/campaigns/{campaign}", operatorToken, new { quota = 24 }, true, ("If-Match", "*"));
        Assert.Equal("quota-below-issued", below.Problem);
    }

    [Fact]
    public async Task Promise_2_one_member_one_coupon_or_the_campaigns_limit()
    {
        var campaign = await system.CampaignAsync(quota: 100);
        var member = Assert.Single(await system.MembersAsync(campaign, 1));
        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(index => system.ClaimAsync(campaign, member.Token, index % 2 == 0 ? null : $"key-{index}")));
        Assert.Single(answers.Where(answer => answer.Problem is null).Select(answer => answer.Sequence).Distinct());
        Assert.All(answers.Where(answer => answer.Problem is not null), answer => Assert.Equal("limit-reached", answer.Problem));

        var several = await system.CampaignAsync(quota: 100, change: body => body["perMember"] = 3);
        var greedy = Assert.Single(await system.MembersAsync(several, 1));
        var keys = await Task.WhenAll(Enumerable.Range(0, 8).Select(index => system.ClaimAsync(several, greedy.Token, $"key-{index}")));
        Assert.Equal(3, keys.Count(answer => answer.Problem is null));
        Assert.Equal([1, 2, 3], keys.Where(answer => answer.Problem is null).Select(answer => answer.Body["nth"]!.GetValue<int>()).Order());
    }

    [Fact]
    public async Task Promise_3_accepted_means_issued_though_the_system_is_killed()
    {
        var campaign = await system.CampaignAsync(quota: 60);
        var members = await system.MembersAsync(campaign, 60);
        var accepted = new Dictionary<long, Guid>();
        foreach (var some in members.Chunk(20))
        {
            foreach (var (member, answer) in some.Zip(await Task.WhenAll(some.Select(member => system.ClaimAsync(campaign, member.Token))))) { accepted.Add(answer.Sequence, member.Id); }
        }
        // At once: part of the claims is in the log alone.
        await system.KillAndStartAsync(TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () => (await LedgerAsync(campaign)).Count(claim => claim["state"]!.GetValue<string>() == "issued") == 60, s_limit, "every accepted claim is issued");
        Assert.All(await LedgerAsync(campaign), claim => Assert.Equal(accepted[claim["sequence"]!.GetValue<long>()], claim["memberId"]!.GetValue<Guid>()));
    }

    [Fact]
    public async Task Promise_4_ask_again_and_get_the_same_answer()
    {
        var campaign = await system.CampaignAsync(quota: 1);
        var members = await system.MembersAsync(campaign, 2);
        var first = await system.ClaimAsync(campaign, members[0].Token);
        Assert.Equal(HttpStatusCode.Accepted, first.Status);
        Assert.EndsWith("Z", first.Body["acceptedAt"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("sold-out", (await system.ClaimAsync(campaign, members[1].Token)).Problem);
        var operatorToken = await system.TokenAsync("operator");

        await SameAsync("after sold-out");
        Assert.Equal(HttpStatusCode.OK, (await system.SendAsync(HttpMethod.Post, $"/api/campaigns/{campaign}/close", operatorToken)).Status);
        Assert.Equal("closed", (await system.ClaimAsync(campaign, members[1].Token)).Problem);
        await SameAsync("after the close");
        await system.KillAndStartAsync(TestContext.Current.CancellationToken);
        await SameAsync("after a kill");
        Assert.Equal(HttpStatusCode.OK, (await system.SendAsync(HttpMethod.Post, $"/api/campaigns/{campaign}/archive", operatorToken)).Status);
        await SameAsync("in the archive");
        Assert.Equal("no-claim", (await system.SendAsync(HttpMethod.Get, $"/api/campaigns/{campaign}/claims/me", members[1].Token)).Problem);

        async Task SameAsync(string when)
        {
            var again = await system.ClaimAsync(campaign, members[0].Token);
            Assert.True(again.Status is HttpStatusCode.OK or HttpStatusCode.Accepted, $"{when}: {again.Text}");
            Assert.Equal((first.Sequence, first.Body["acceptedAt"]!.GetValue<DateTimeOffset>()), (again.Sequence, again.Body["acceptedAt"]!.GetValue<DateTimeOffset>()));
            var mine = await system.SendAsync(HttpMethod.Get, $"/api/campaigns/{campaign}/claims/me", members[0].Token);
            Assert.Equal(first.Sequence, Assert.Single(mine.Body["items"]!.AsArray())!["sequence"]!.GetValue<long>());
        }
    }

    [Fact]
    public async Task Promise_5_first_come_is_provable()
    {
        var campaign = await system.CampaignAsync(quota: 30);
        var members = await system.MembersAsync(campaign, 30);
        var inTurn = new List<Answer>();
        foreach (var member in members.Take(10)) { inTurn.Add(await system.ClaimAsync(campaign, member.Token)); }
        Assert.Equal(Enumerable.Range(1, 10).Select(number => (long)number), inTurn.Select(answer => answer.Sequence));
        Assert.Equal(inTurn.Select(answer => answer.Body["acceptedAt"]!.GetValue<DateTimeOffset>()).Order(), inTurn.Select(answer => answer.Body["acceptedAt"]!.GetValue<DateTimeOffset>()));
        await Task.WhenAll(members.Skip(10).Select(member => system.ClaimAsync(campaign, member.Token)));
        await Eventually.TrueAsync(async () => (await LedgerAsync(campaign)).Count == 30, s_limit, "the ledger has every claim");
        Assert.Equal(Enumerable.Range(1, 30).Select(number => (long)number), (await LedgerAsync(campaign)).Select(claim => claim["sequence"]!.GetValue<long>()));

        var operatorToken = await system.TokenAsync("operator");
        Assert.Empty((await system.SendAsync(HttpMethod.Get, $"/api/campaigns/{campaign}/gaps", operatorToken)).Body["items"]!.AsArray());
        await Eventually.TrueAsync(async () => (await LifeAsync()).Contains("coupon"), s_limit, "the life of a claim reaches the coupon");
        Assert.Equal(["accepted", "logged", "recorded", "coupon"], await LifeAsync());
        var times = (await EventsAsync()).Select(step => step!["at"]!.GetValue<DateTimeOffset>()).ToList();
        Assert.Equal(times.Order(), times);

        async Task<JsonArray> EventsAsync() => (await system.SendAsync(HttpMethod.Get, $"/api/campaigns/{campaign}/claims/7/life", operatorToken)).Body["events"]!.AsArray();

        async Task<List<string>> LifeAsync() => [.. (await EventsAsync()).Select(step => step!["what"]!.GetValue<string>())];
    }

    private async Task<JsonNode> CountsAsync(string campaign) => (await system.SendAsync(HttpMethod.Get, $"/api/campaigns/{campaign}/counts", await system.TokenAsync("operator"))).Body;

    private async Task<IReadOnlyList<JsonNode>> LedgerAsync(string campaign) =>
        [.. (await system.SendAsync(HttpMethod.Get, $"/api/campaigns/{campaign}/claims?limit=200", await system.TokenAsync("operator"))).Body["items"]!.AsArray().Select(claim => claim!)];

    private async Task<string> CodeAsync(string campaign, string token)
    {
        string? code = null;
        await Eventually.TrueAsync(async () =>
        {
            var mine = await system.SendAsync(HttpMethod.Get, $"/api/campaigns/{campaign}/claims/me", token);
            code = mine.Body["items"]?[0]?["couponCode"]?.GetValue<string>();
            return code is not null && (await system.SendAsync(HttpMethod.Get, $"/api/coupons/{code}", await system.TokenAsync("merchant"))).Status == HttpStatusCode.OK;
        }, s_limit, "the coupon is there");
        return code!;
    }
}
