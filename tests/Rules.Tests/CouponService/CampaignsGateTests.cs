using FirstCome.Contracts.Campaigns;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>A change of a campaign that is no draft: an intent, an order to the gate, then the change; whatever fails or dies in between, it ends as one or not at all.</summary>
public sealed class CampaignsGateTests
{
    private static readonly TimeSpan s_afterTheLease = TimeSpan.FromMinutes(1);

    [Fact]
    public async Task A_quota_that_the_gate_refuses_leaves_everything_as_it_was()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        host.Peers.OnOrder = CampaignsPeers.BelowIssued;
        var problem = (await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"quota\":3}", "\"2\"")).Is(409, "quota-below-issued");
        Assert.Equal("7 coupons have been given out.", (string?)problem["detail"]);
        Assert.Equal((100, 2, 0), ((await host.StandingAsync(id)).Quota, (await host.StandingAsync(id)).Version, await host.CountAsync("campaign_change")));

        host.Peers.OnOrder = (_, _) => Task.FromResult<IResult?>(null);
        var next = await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"quota\":300}", "\"2\"");
        next.Is(200);
        // The gate has seen version 3, so it is not given to another change.
        Assert.Equal("\"4\"", next.ETag);
        Assert.Equal("1:create 2:schedule 4:change", await host.HistoryAsync(id));
    }

    [Fact]
    public async Task Without_an_answer_of_the_gate_the_change_waits_and_is_completed_later()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        host.Peers.OnOrder = CampaignsPeers.Away;
        (await host.SendAsync("POST", $"/api/campaigns/{id}/pause")).Is(503, "unavailable");
        Assert.Equal((CampaignPhase.Active, "1:create 2:schedule"), ((await host.StandingAsync(id)).Phase, await host.HistoryAsync(id)));
        await CampaignsHost.EventuallyAsync(async () => (await HealthAsync(host)).Contains("1 changes of campaigns wait", StringComparison.Ordinal), "health tells of the waiting change");

        host.Peers.OnOrder = (_, _) => Task.FromResult<IResult?>(null);
        await CampaignsHost.EventuallyAsync(async () => (await host.StandingAsync(id)).Phase == CampaignPhase.Paused, "the sweep completes the change");
        Assert.Equal("1:create 2:schedule 3:pause", await host.HistoryAsync(id));
        await CampaignsHost.EventuallyAsync(async () => (await host.PublishedAsync(id)).Contains(3), "the change is published");
        await CampaignsHost.EventuallyAsync(async () => !(await HealthAsync(host)).Contains("wait for issue-service", StringComparison.Ordinal), "health is well again");

        static async Task<string> HealthAsync(CampaignsHost host) => (await host.SendAsync("GET", "/health", null, null)).Text;
    }

    [Fact]
    public async Task The_same_order_again_gets_the_answer_that_the_first_one_missed()
    {
        await using var host = await CampaignsHost.StartAsync("--Campaigns:SweepInterval=00:01:00");
        var id = await host.OpenAsync();
        host.Peers.OnOrder = CampaignsPeers.Away;
        (await host.SendAsync("POST", $"/api/campaigns/{id}/pause", null, "\"2\"")).Is(503, "unavailable");
        (await host.SendAsync("POST", $"/api/campaigns/{id}/pause", null, "\"2\"")).Is(503, "unavailable");
        host.Peers.OnOrder = (_, _) => Task.FromResult<IResult?>(null);
        var answer = await host.SendAsync("POST", $"/api/campaigns/{id}/pause", null, "\"2\"");
        Assert.Equal(("paused", "\"3\""), ((string?)answer.Is(200)["state"], answer.ETag));
        Assert.Equal("1:create 2:schedule 3:pause", await host.HistoryAsync(id));
        (await host.SendAsync("POST", $"/api/campaigns/{id}/pause")).Is(409, "illegal-transition");
    }

    [Fact]
    public async Task Another_order_is_carried_out_after_the_waiting_one()
    {
        await using var host = await CampaignsHost.StartAsync("--Campaigns:SweepInterval=00:01:00");
        var id = await host.OpenAsync();
        host.Peers.OnOrder = CampaignsPeers.Away;
        (await host.SendAsync("POST", $"/api/campaigns/{id}/pause")).Is(503, "unavailable");
        host.Peers.OnOrder = (_, _) => Task.FromResult<IResult?>(null);
        (await host.SendAsync("POST", $"/api/campaigns/{id}/close")).Is(200);
        Assert.Equal("1:create 2:schedule 3:pause 4:close", await host.HistoryAsync(id));
        Assert.Equal([2, 3, 4], host.Peers.Taken.Select(campaign => campaign.Version));
    }

    [Fact]
    public async Task While_an_order_is_under_way_others_wait_for_it_and_then_say_so()
    {
        await using var host = await CampaignsHost.StartAsync("--Campaigns:ChangeWait=00:00:00.300");
        var id = await host.OpenAsync();
        var answered = new TaskCompletionSource<IResult?>();
        host.Peers.OnOrder = (_, _) => answered.Task;
        var first = host.SendAsync("POST", $"/api/campaigns/{id}/pause");
        await CampaignsHost.EventuallyAsync(() => Task.FromResult(host.Peers.Ordered.Contains(3)), "the order is under way");
        (await host.SendAsync("POST", $"/api/campaigns/{id}/close")).Is(503, "unavailable");
        answered.SetResult(null);
        (await first).Is(200);
        (await host.SendAsync("POST", $"/api/campaigns/{id}/close")).Is(200);
    }

    [Fact]
    public async Task A_process_that_dies_before_the_gate_has_the_order_leaves_an_intent_that_the_next_one_completes()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        await LeaveAsync(host, id, isTaken: false);
        Assert.Equal(CampaignPhase.Active, (await host.StandingAsync(id)).Phase);
        host.Peers.OnOrder = (_, _) => Task.FromResult<IResult?>(null);
        host.Clock.Advance(s_afterTheLease);
        await CampaignsHost.EventuallyAsync(async () => (await host.StandingAsync(id)).Phase == CampaignPhase.Paused, "the next process completes the change");
        Assert.Equal("1:create 2:schedule 3:pause", await host.HistoryAsync(id));
        await CampaignsHost.EventuallyAsync(async () => (await host.PublishedAsync(id)).SequenceEqual([3]), "the change is published");
        Assert.Equal(0, await host.CountAsync("campaign_change"));
    }

    [Fact]
    public async Task A_process_that_dies_after_the_gate_has_the_order_leaves_an_intent_that_the_next_one_completes()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        await LeaveAsync(host, id, isTaken: true);
        Assert.Equal((CampaignPhase.Active, CampaignPhase.Paused), ((await host.StandingAsync(id)).Phase, host.Peers.Taken.Last().Phase));
        host.Peers.OnOrder = (_, _) => Task.FromResult<IResult?>(null);
        host.Clock.Advance(s_afterTheLease);
        await CampaignsHost.EventuallyAsync(async () => (await host.StandingAsync(id)).Phase == CampaignPhase.Paused, "the next process completes the change");
        Assert.Equal("1:create 2:schedule 3:pause", await host.HistoryAsync(id));
        Assert.Equal([2, 3], host.Peers.Taken.Select(campaign => campaign.Version));
    }

    [Fact]
    public async Task A_process_that_dies_before_it_has_published_leaves_that_to_the_next_one()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        host.Log.IsAway = true;
        Assert.Equal("paused", (string?)(await host.SendAsync("POST", $"/api/campaigns/{id}/pause")).Is(200)["state"]);
        (await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"quota\":300}", "\"3\"")).Is(200);
        Assert.Equal([1, 2], await host.PublishedAsync(id));
        Assert.Equal(1, await host.CountAsync("campaign_outbox"));
        await host.StopAsync();
        await host.RunAsync();
        host.Clock.Advance(s_afterTheLease);
        await CampaignsHost.EventuallyAsync(async () => (await host.PublishedAsync(id)) is [.., 4], "the next process publishes what stands");
        await CampaignsHost.EventuallyAsync(async () => await host.CountAsync("campaign_outbox") == 0, "the outbox is empty");
    }

    [Fact]
    public async Task An_order_that_is_refused_after_an_unanswered_one_is_revoked_under_a_newer_version()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        host.Peers.OnOrder = CampaignsPeers.Away;
        (await host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"quota\":3}", "\"2\"")).Is(503, "unavailable");
        host.Peers.OnOrder = async (campaign, token) => campaign.Quota == 3 ? await CampaignsPeers.BelowIssued(campaign, token) : null;
        await CampaignsHost.EventuallyAsync(async () => (await host.StandingAsync(id)).Version == 4, "the former values stand again");
        Assert.Equal((100, 100), ((await host.StandingAsync(id)).Quota, host.Peers.Taken.Last().Quota));
        Assert.Equal("1:create 2:schedule 4:revoke", await host.HistoryAsync(id));
        Assert.Equal(0, await host.CountAsync("campaign_change"));
    }

    [Fact]
    public async Task A_late_process_does_not_settle_what_another_one_has_taken_over()
    {
        await using var host = await CampaignsHost.StartAsync();
        var id = await host.OpenAsync();
        var answers = new Queue<TaskCompletionSource<IResult?>>([new(), new()]);
        var (late, second) = (answers.First(), answers.Last());
        host.Peers.OnOrder = (_, _) => answers.Dequeue().Task;
        var request = host.SendAsync("PATCH", $"/api/campaigns/{id}", "{\"quota\":3}", "\"2\"");
        await CampaignsHost.EventuallyAsync(() => Task.FromResult(host.Peers.Ordered.Count(version => version == 3) == 1), "the order is under way");
        host.Clock.Advance(s_afterTheLease);
        await CampaignsHost.EventuallyAsync(() => Task.FromResult(host.Peers.Ordered.Count(version => version == 3) == 2), "the sweep has taken the change over");
        late.SetResult(await CampaignsPeers.BelowIssued(await host.StandingAsync(id), CancellationToken.None));
        (await request).Is(503, "unavailable");
        Assert.Equal(1, await host.CountAsync("campaign_change"));
        second.SetResult(null);
        await CampaignsHost.EventuallyAsync(async () => (await host.StandingAsync(id)).Quota == 3, "the one who took it over completes it");
        Assert.Equal("1:create 2:schedule 3:change", await host.HistoryAsync(id));
    }

    // The first process has written its intent and sent its order, and dies before it hears the answer; a second one starts on the same data.
    private static async Task LeaveAsync(CampaignsHost host, Guid id, bool isTaken)
    {
        var never = new TaskCompletionSource<IResult?>();
        host.Peers.OnOrder = async (campaign, token) =>
        {
            if (isTaken) { host.Peers.Taken.Enqueue(campaign); }
            using var gone = token.Register(() => never.TrySetResult(Results.StatusCode(503)));
            return await never.Task;
        };
        var lost = host.SendAsync("POST", $"/api/campaigns/{id}/pause");
        await CampaignsHost.EventuallyAsync(() => Task.FromResult(host.Peers.Ordered.Contains(3)), "the order is under way");
        await host.KillAsync();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => lost);
        await host.RunAsync();
        Assert.Equal(1, await host.CountAsync("campaign_change"));
    }
}
