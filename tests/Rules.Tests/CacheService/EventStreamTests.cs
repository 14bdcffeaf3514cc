using System.Text;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class EventStreamTests(SharedRedis redis) : IClassFixture<SharedRedis>
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);

    private static Claim Claim(Campaign campaign, Guid member, ClaimState state = ClaimState.Accepted) => new(campaign.Id, member, 1, 17, state, campaign.OpensAt);

    [Fact]
    public async Task First_comes_a_snapshot()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        var member = Guid.CreateVersion7();
        host.Peers.Counts[campaign.Id] = new(17, 0, 0, host.Now);
        host.Peers.Claims[(campaign.Id, member)] = new([Claim(campaign, member)]);
        await using var events = await EventReader.OpenAsync(host, campaign.Id, host.Token(member));

        Assert.Equal("text/event-stream", events.Response.Content.Headers.ContentType?.ToString());
        Assert.True(events.Response.Headers.CacheControl?.NoStore);
        Assert.Equal("no", events.Response.Headers.GetValues("X-Accel-Buffering").Single());

        var seen = new Dictionary<string, System.Text.Json.JsonElement>();
        while (seen.Count < 3)
        {
            var (kind, data) = await events.NextAsync();
            seen.Add(kind, data);
        }
        Assert.Equal("open", seen["state"].GetProperty("state").GetString());
        Assert.Equal(17, seen["counts"].GetProperty("accepted").GetInt32());
        Assert.Equal("accepted", seen["claim"].GetProperty("state").GetString());
    }

    [Fact]
    public async Task Without_a_token_no_claim_is_told()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await using var events = await EventReader.OpenAsync(host, campaign.Id);
        Assert.Equal(["counts", "state"], new[] { (await events.NextAsync()).Kind, (await events.NextAsync()).Kind }.Order());
        Assert.Equal(0, host.Peers.CallsTo($"/internal/campaigns/{campaign.Id}/claims"));
    }

    [Fact]
    public async Task Counts_come_when_they_change_and_at_most_once_a_second()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await using var events = await EventReader.OpenAsync(host, campaign.Id);
        await events.NextAsync("counts", host, TimeSpan.Zero);
        var asked = $"/internal/campaigns/{campaign.Id}/counts";
        var (began, before) = (host.Now, host.Peers.CallsTo(asked));
        for (var accepted = 1; accepted <= 3; accepted++)
        {
            host.Peers.Counts[campaign.Id] = new(accepted, 0, 0, host.Now);
            var counts = await events.NextAsync("counts", host, s_step);
            Assert.Equal(accepted, counts.GetProperty("accepted").GetInt32());
        }
        Assert.InRange(host.Peers.CallsTo(asked) - before, 3, (int)(host.Now - began).TotalSeconds + 1);
    }

    [Fact]
    public async Task However_many_watch_the_owner_is_asked_once_a_second_and_all_hear_it()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        var watchers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => EventReader.OpenAsync(host, campaign.Id)));
        foreach (var watcher in watchers) { await watcher.NextAsync("counts", host, TimeSpan.Zero); }
        Assert.Equal(1, host.Peers.CallsTo($"/internal/campaigns/{campaign.Id}/counts"));
        host.Peers.Counts[campaign.Id] = new(5, 0, 0, host.Now);
        host.Clock.Advance(TimeSpan.FromSeconds(1));
        foreach (var watcher in watchers)
        {
            Assert.Equal(5, (await watcher.NextAsync("counts", host, TimeSpan.Zero)).GetProperty("accepted").GetInt32());
            await watcher.DisposeAsync();
        }
        Assert.Equal(2, host.Peers.CallsTo($"/internal/campaigns/{campaign.Id}/counts"));
    }

    [Fact]
    public async Task Opening_and_closing_are_told_at_their_instant()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open(open => open with { OpensAt = host.Now.AddMilliseconds(3_300), ClosesAt = host.Now.AddMilliseconds(5_700) });
        await using var events = await EventReader.OpenAsync(host, campaign.Id);
        Assert.Equal("scheduled", (await events.NextAsync("state", host, TimeSpan.Zero)).GetProperty("state").GetString());
        foreach (var (instant, state) in new[] { (campaign.OpensAt, "open"), (campaign.ClosesAt, "closed") })
        {
            host.Clock.Advance(instant - host.Now - TimeSpan.FromMilliseconds(1));
            host.Clock.Advance(TimeSpan.FromMilliseconds(1));
            // From here on the clock stands still.
            var told = await events.NextAsync("state", host, TimeSpan.Zero);
            Assert.Equal((state, instant), (told.GetProperty("state").GetString(), told.GetProperty("asOf").GetDateTimeOffset()));
        }
    }

    [Fact]
    public async Task What_an_operator_changes_is_told()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await using var events = await EventReader.OpenAsync(host, campaign.Id);
        await events.NextAsync("state", host, TimeSpan.Zero);
        await host.PublishAsync(Topics.CampaignChanged, campaign.Id, new CampaignChanged(campaign with { Version = 2, Phase = CampaignPhase.Paused }));
        Assert.Equal("paused", (await events.NextAsync("state", host, s_step)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_change_waits_for_no_round_and_a_second_one_does()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await using var events = await EventReader.OpenAsync(host, campaign.Id);
        await events.NextAsync("state", host, TimeSpan.Zero);
        await events.NextAsync("counts", host, TimeSpan.Zero);
        host.Clock.Advance(TimeSpan.FromSeconds(2));
        // The clock stands still: no round comes.
        await host.PublishAsync(Topics.CampaignChanged, campaign.Id, new CampaignChanged(campaign with { Version = 2, Phase = CampaignPhase.Paused }));
        Assert.Equal("paused", (await events.NextAsync("state", host, TimeSpan.Zero)).GetProperty("state").GetString());
        await host.PublishAsync(Topics.CampaignChanged, campaign.Id, new CampaignChanged(campaign with { Version = 3 }));
        Assert.Equal("open", (await events.NextAsync("state", host, s_step)).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_coupon_is_told_to_its_member_and_to_nobody_else()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        var (member, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        await using var own = await EventReader.OpenAsync(host, campaign.Id, host.Token(member));
        await using var others = await EventReader.OpenAsync(host, campaign.Id, host.Token(other));
        await using var anonymous = await EventReader.OpenAsync(host, campaign.Id);
        foreach (var stream in new[] { own, others, anonymous }) { await stream.NextAsync("counts", host, TimeSpan.Zero); }

        // As the worker sends it: the key is a batch's, and no member's.
        var batch = Guid.NewGuid();
        await host.PublishAsync(Topics.CouponIssued, batch, new CouponIssued(campaign.Id, member, 1, 17, "ABCD-EFGH-JKMN-PQRS-T", campaign.OpensAt, host.Now));
        var claim = await own.NextAsync("claim", host, s_step);
        Assert.Equal(("issued", "ABCD-EFGH-JKMN-PQRS-T", 17), (claim.GetProperty("state").GetString(), claim.GetProperty("couponCode").GetString(), claim.GetProperty("sequence").GetInt32()));

        // The same message to the other member arrives after the first one: whatever was to come to them has come by then.
        await host.PublishAsync(Topics.CouponIssued, batch, new CouponIssued(campaign.Id, other, 1, 18, "WXYZ-EFGH-JKMN-PQRS-T", campaign.OpensAt, host.Now));
        Assert.Equal(18, (await others.NextAsync("claim", host, s_step)).GetProperty("sequence").GetInt32());
        Assert.True(anonymous.IsEmpty);
        Assert.True(own.IsEmpty);
    }

    [Fact]
    public async Task A_claim_under_review_is_looked_up_again()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        var member = Guid.CreateVersion7();
        host.Peers.Claims[(campaign.Id, member)] = new([Claim(campaign, member)]);
        await using var events = await EventReader.OpenAsync(host, campaign.Id, host.Token(member));
        Assert.Equal("accepted", (await events.NextAsync("claim", host, TimeSpan.Zero)).GetProperty("state").GetString());
        host.Peers.Claims[(campaign.Id, member)] = new([Claim(campaign, member, ClaimState.UnderReview) with { Reason = "over the limit" }]);
        await host.PublishAsync(Topics.ClaimReviewed, member, new ClaimReviewed(campaign.Id, member, 1, 17, ClaimState.UnderReview, "over the limit", host.Now));
        Assert.Equal("over the limit", (await events.NextAsync("claim", host, s_step)).GetProperty("reason").GetString());
    }

    [Fact]
    public async Task Claims_that_cannot_be_known_yet_come_when_they_can()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        var member = Guid.CreateVersion7();
        host.Peers.Claims[(campaign.Id, member)] = new([Claim(campaign, member)]);
        host.Peers.IssuesAway = true;
        await using var events = await EventReader.OpenAsync(host, campaign.Id, host.Token(member));
        Assert.Equal("state", (await events.NextAsync()).Kind);
        await Eventually.TrueAsync(() => host.Peers.CallsTo($"/internal/campaigns/{campaign.Id}/claims/{member}") == 1, s_limit, "the claims are asked for");
        host.Peers.IssuesAway = false;
        await events.NextAsync("claim", host, s_step);
    }

    [Fact]
    public async Task Silence_is_broken_by_a_comment_after_fifteen_seconds()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        using var response = await host.GetAsync($"/api/campaigns/{campaign.Id}/events", completion: HttpCompletionOption.ResponseHeadersRead);
        await using var stream = await response.Content.ReadAsStreamAsync(CacheServiceHost.Cancellation);
        var text = new StringBuilder();
        var buffer = new byte[4_096];
        async Task ReadUntilAsync(string awaited)
        {
            while (!text.ToString().Contains(awaited, StringComparison.Ordinal))
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, CacheServiceHost.Cancellation).AsTask().WaitAsync(s_limit, CacheServiceHost.Cancellation)));
            }
        }
        await ReadUntilAsync("event: counts");
        Assert.StartsWith("retry: ", text.ToString(), StringComparison.Ordinal);
        var from = host.Now;
        await host.WhileTimePassesAsync(ReadUntilAsync(": heartbeat\n\n"), s_step);
        Assert.InRange(host.Now - from, TimeSpan.FromSeconds(14), TimeSpan.FromSeconds(60));
        Assert.Single(text.ToString().Split("event: counts").Skip(1));
    }

    [Fact]
    public async Task A_stream_ends_with_its_token()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await using var events = await EventReader.OpenAsync(host, campaign.Id, host.Token());
        await using var anonymous = await EventReader.OpenAsync(host, campaign.Id);
        await events.NextAsync("state", host, TimeSpan.Zero);
        host.Clock.Advance(TimeSpan.FromMinutes(9));
        Assert.False(events.HasEnded);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await Eventually.TrueAsync(
            () =>
            {
                host.Clock.Advance(s_step);
                return events.HasEnded;
            }, s_limit, "the stream ends");
        Assert.False(anonymous.HasEnded);
    }

    [Fact]
    public async Task A_locked_members_stream_ends()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        var member = Guid.CreateVersion7();
        await using var events = await EventReader.OpenAsync(host, campaign.Id, host.Token(member));
        await events.NextAsync("state", host, TimeSpan.Zero);
        var since = host.Now;
        await host.PublishAsync(Topics.MemberChanged, member, new MemberChanged(member, Locked: true, host.Now, new("", [], host.Now, null), host.Now));
        await Eventually.TrueAsync(
            () =>
            {
                host.Clock.Advance(s_step);
                return events.HasEnded;
            }, s_limit, "the stream ends");
        Assert.InRange(host.Now - since, TimeSpan.Zero, TimeSpan.FromSeconds(20));
    }

    [Fact]
    public async Task A_token_that_is_no_good_is_refused()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        var path = $"/api/campaigns/{campaign.Id}/events";
        await host.RefusedAsync(401, "unauthenticated", path, Peers.Token(Guid.CreateVersion7(), host.Now.AddMinutes(-11)));
        await host.RefusedAsync(401, "unauthenticated", path, "not.a.token-at-all");
        await host.RefusedAsync(403, "forbidden", path, host.Token(rehearsal: Guid.CreateVersion7()));
    }

    [Fact]
    public async Task The_number_of_streams_is_bounded()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection, null, "Events:StreamsMax=3", "Events:StreamsPerMemberMax=2");
        var campaign = host.Open();
        var path = $"/api/campaigns/{campaign.Id}/events";
        var token = host.Token();
        await using var first = await EventReader.OpenAsync(host, campaign.Id, token);
        var second = await EventReader.OpenAsync(host, campaign.Id, token);
        await host.RefusedAsync(429, "too-many-requests", path, token);
        await using var third = await EventReader.OpenAsync(host, campaign.Id);
        await host.RefusedAsync(503, "unavailable", path);
        await second.DisposeAsync();
        await Eventually.TrueAsync(
            async () =>
            {
                using var response = await host.GetAsync(path, completion: HttpCompletionOption.ResponseHeadersRead);
                return response.IsSuccessStatusCode;
            }, s_limit, "a place is free again");
    }

    [Fact]
    public async Task A_stopping_service_ends_its_streams()
    {
        await using var host = await CacheServiceHost.StartAsync(redis.Connection);
        var campaign = host.Open();
        await using var events = await EventReader.OpenAsync(host, campaign.Id);
        await events.NextAsync("state", host, TimeSpan.Zero);
        await host.StopAsync();
        await Eventually.TrueAsync(() => events.HasEnded, s_limit, "the stream ends");
    }
}
