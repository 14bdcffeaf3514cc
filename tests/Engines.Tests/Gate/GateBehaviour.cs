using FirstCome.Contracts.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using StackExchange.Redis;
using Xunit;

namespace FirstCome.EnginesTests.Gate;

/// <summary>What the gate decides, whichever server runs its scripts.</summary>
public abstract class GateBehaviour : IAsyncLifetime
{
    private IConnectionMultiplexer? _connection;

    private protected IDatabase Redis => (_connection ?? throw new InvalidOperationException("Not connected.")).GetDatabase();

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    protected abstract Task<IConnectionMultiplexer> StartAsync();

    protected abstract ValueTask EndAsync();

    public async ValueTask InitializeAsync() => _connection = await StartAsync();

    public async ValueTask DisposeAsync()
    {
        if (_connection is not null) { await _connection.DisposeAsync(); }
        await EndAsync();
    }

    [Fact]
    public async Task Numbers_are_given_in_order_and_no_more_than_the_limit()
    {
        var gate = await OpenAsync(quota: 3);
        var answers = await ClaimAsync(gate, [.. Enumerable.Range(0, 5).Select(_ => Member())]);
        Assert.Equal([1L, 2L, 3L], answers.Where(answer => answer.Verdict == GateVerdict.Won).Select(answer => answer.Sequence));
        Assert.Equal(2, answers.Count(answer => answer.Verdict == GateVerdict.NotYetKnown));
    }

    [Fact]
    public async Task Sold_out_is_said_only_when_every_place_is_taken_by_a_marked_claim()
    {
        var gate = await OpenAsync(quota: 1);
        var (winner, other) = (Member(), Member());
        var won = Assert.Single(await ClaimAsync(gate, [winner]));
        Assert.Equal(GateVerdict.NotYetKnown, (await ClaimAsync(gate, [other]))[0].Verdict);
        Assert.Null(await gate.SoldOutAsync(TimeProvider.System));
        Assert.True(Assert.Single((await gate.MarkAsync(1, [(winner, won.Sequence)])).Marked));
        Assert.Equal(GateVerdict.SoldOut, (await ClaimAsync(gate, [other]))[0].Verdict);
        var memory = Assert.IsType<SoldOutMemory>(await gate.SoldOutAsync(TimeProvider.System));
        Assert.True(memory.MayHold(winner));
    }

    [Fact]
    public async Task The_filter_lets_no_winner_pass_for_a_stranger_and_few_strangers_for_winners()
    {
        var gate = await OpenAsync(quota: 500);
        var winners = Enumerable.Range(0, 500).Select(_ => Member()).ToList();
        foreach (var some in winners.Chunk(100))
        {
            var won = await ClaimAsync(gate, some);
            await gate.MarkAsync(1, [.. some.Zip(won, (member, answer) => (member, answer.Sequence))]);
        }
        var memory = Assert.IsType<SoldOutMemory>(await gate.SoldOutAsync(TimeProvider.System));
        Assert.All(winners, winner => Assert.True(memory.MayHold(winner)));
        Assert.InRange(Enumerable.Range(0, 2_000).Count(_ => memory.MayHold(Member())), 0, 200);
    }

    [Fact]
    public async Task Asking_again_gets_the_same_number_before_and_after_the_mark_and_after_the_end()
    {
        var gate = await OpenAsync(quota: 1);
        var member = Member();
        var won = (await ClaimAsync(gate, [member]))[0];
        var again = (await ClaimAsync(gate, [member]))[0];
        Assert.Equal((GateVerdict.HeldUnlogged, won.Sequence, won.AcceptedAtMs, 1), (again.Verdict, again.Sequence, again.AcceptedAtMs, again.Nth));
        await gate.MarkAsync(1, [(member, won.Sequence)]);
        await gate.ConfigureAsync(Campaign(quota: 1) with { Version = 2, Phase = CampaignPhase.Closed }, 0, false);
        var last = (await ClaimAsync(gate, [member], eligible: false))[0];
        Assert.Equal((GateVerdict.Held, won.Sequence, won.AcceptedAtMs), (last.Verdict, last.Sequence, last.AcceptedAtMs));
        var held = await gate.HeldAsync(member);
        Assert.Equal(new GateAnswer(GateVerdict.Held, won.Sequence, 1, won.AcceptedAtMs), Assert.Single(held.Held));
    }

    [Fact]
    public async Task Refusals_come_in_their_order()
    {
        var now = DateTimeOffset.UtcNow;
        var early = await OpenAsync(quota: 1, opensAt: now.AddHours(1));
        Assert.Equal(GateVerdict.NotOpenYet, (await ClaimAsync(early, [Member()], eligible: false))[0].Verdict);
        var late = await OpenAsync(quota: 1, opensAt: now.AddHours(-2), closesAt: now.AddHours(-1));
        Assert.Equal(GateVerdict.Closed, (await ClaimAsync(late, [Member()], eligible: false))[0].Verdict);
        var campaign = Campaign(quota: 1);
        var gate = await OpenAsync(campaign);
        await gate.ConfigureAsync(campaign with { Version = 2, Phase = CampaignPhase.Paused }, 0, false);
        Assert.Equal(GateVerdict.Paused, (await ClaimAsync(gate, [Member()], eligible: false))[0].Verdict);
        await gate.ConfigureAsync(campaign with { Version = 3, Phase = CampaignPhase.Active }, 0, false);
        var winner = Member();
        var won = (await ClaimAsync(gate, [winner]))[0];
        await gate.MarkAsync(1, [(winner, won.Sequence)]);
        Assert.Equal(GateVerdict.NotEligible, (await ClaimAsync(gate, [Member()], eligible: false))[0].Verdict);
        Assert.Equal(GateVerdict.LimitReached, (await ClaimAsync(gate, [winner], key: "another"))[0].Verdict);
        Assert.Equal(GateVerdict.SoldOut, (await ClaimAsync(gate, [Member()]))[0].Verdict);
    }

    [Fact]
    public async Task A_member_may_hold_several_where_the_campaign_says_so_one_for_each_key()
    {
        var gate = await OpenAsync(Campaign(quota: 10) with { PerMember = 2 });
        var member = Member();
        Assert.Equal((1, 1L), ((await ClaimAsync(gate, [member], key: "a"))[0] is var first ? (first.Nth, first.Sequence) : default));
        Assert.Equal((2, 2L), ((await ClaimAsync(gate, [member], key: "b"))[0] is var second ? (second.Nth, second.Sequence) : default));
        Assert.Equal((GateVerdict.HeldUnlogged, 1L), ((await ClaimAsync(gate, [member], key: "a"))[0] is var again ? (again.Verdict, again.Sequence) : default));
        Assert.Equal(GateVerdict.LimitReached, (await ClaimAsync(gate, [member], key: "c"))[0].Verdict);
    }

    [Fact]
    public async Task The_first_of_a_group_wins_and_is_known_to_the_groups_other_campaigns()
    {
        var group = $"g{Guid.NewGuid():N}"[..20];
        var condition = new AudienceCondition(AudienceCondition.FirstInGroupKind);
        var one = await OpenAsync(Campaign(quota: 5) with { Group = group, Audience = [condition] });
        var other = await OpenAsync(Campaign(quota: 5) with { Group = group, Audience = [condition] });
        var member = Member();
        Assert.Equal(GateVerdict.Won, (await ClaimAsync(one, [member]))[0].Verdict);
        Assert.Equal(GateVerdict.NotFirstInGroup, (await ClaimAsync(other, [member]))[0].Verdict);
        Assert.Equal(GateVerdict.HeldUnlogged, (await ClaimAsync(one, [member]))[0].Verdict);
    }

    [Fact]
    public async Task A_quota_is_not_lowered_below_what_was_given_out_and_a_raise_holds_numbers_back()
    {
        var campaign = Campaign(quota: 2);
        var gate = await OpenAsync(campaign);
        await ClaimAsync(gate, [Member(), Member()]);
        var lowered = await gate.ConfigureAsync(campaign with { Version = 2, Quota = 1 }, 0, refuseBelow: true);
        Assert.Equal((true, 2L), (lowered.Below, lowered.Winners));
        Assert.Equal(2, (await gate.NumbersAsync()).Numbers.Limit);
        await gate.ConfigureAsync(campaign with { Version = 3, Quota = 3 }, 0, refuseBelow: false);
        Assert.Equal(GateVerdict.NotYetKnown, (await ClaimAsync(gate, [Member()]))[0].Verdict);
        // An order that arrives late changes nothing.
        await gate.ConfigureAsync(campaign with { Version = 2, Quota = 9 }, 0, refuseBelow: false);
        Assert.Equal(3, (await gate.NumbersAsync()).Numbers.Limit);
    }

    [Fact]
    public async Task A_mark_is_refused_to_another_generation_and_to_another_member()
    {
        var campaign = Campaign(quota: 5);
        var gate = await OpenAsync(campaign);
        var member = Member();
        var won = (await ClaimAsync(gate, [member]))[0];
        Assert.False(Assert.Single((await gate.MarkAsync(1, [(Member(), won.Sequence)])).Marked));
        Assert.False(Assert.Single((await gate.MarkAsync(2, [(member, won.Sequence)])).Marked));
        Assert.True(Assert.Single((await gate.MarkAsync(1, [(member, won.Sequence)])).Marked));
        Assert.True(Assert.Single((await gate.MarkAsync(1, [(member, won.Sequence)])).Marked));
    }

    [Fact]
    public async Task A_missing_gate_is_lost_and_a_closed_one_is_being_rebuilt()
    {
        var campaign = Campaign(quota: 5);
        var gate = new CampaignGate(Redis, campaign);
        Assert.Equal(GateStatus.Lost, (await gate.ClaimAsync([new GateClaim(Member(), IdempotencyKey.Hash(""), true)], new GateAnswer[1])).Status);
        gate = await OpenAsync(campaign);
        await Redis.ScriptEvaluateAsync(RebuildScripts.Close, [gate.Keys.Control, gate.Keys.Group], [2, 0]);
        Assert.Equal(GateStatus.Rebuilding, (await gate.ClaimAsync([new GateClaim(Member(), IdempotencyKey.Hash(""), true)], new GateAnswer[1])).Status);
        Assert.Equal("later", (string?)await Redis.ScriptEvaluateAsync(RebuildScripts.Close, [gate.Keys.Control, gate.Keys.Group], [2, 0]));
        await Redis.KeyDeleteAsync(gate.Keys.Control);
        Assert.Equal(GateStatus.Lost, (await gate.LookAsync()).Status);
    }

    [Fact]
    public async Task A_gate_of_another_process_is_lost_however_whole_it_looks()
    {
        var gate = await OpenAsync(quota: 5);
        await Redis.HashSetAsync(gate.Keys.Control, "r", "0123456789abcdef");
        Assert.Equal(GateStatus.Lost, (await gate.NumbersAsync()).Status);
    }

    [Fact]
    public async Task Reservations_without_a_mark_can_be_read_back_whole()
    {
        var gate = await OpenAsync(quota: 5);
        var member = Member();
        var won = (await ClaimAsync(gate, [member], key: "k"))[0];
        var (generation, reservations) = await gate.UnloggedAsync(10);
        Assert.Equal(1, generation);
        Assert.Equal(new Reservation(member, 1, won.Sequence, Convert.ToHexStringLower(IdempotencyKey.Hash("k")), won.AcceptedAtMs), Assert.Single(reservations));
    }

    private protected static Guid Member() => Guid.CreateVersion7();

    private protected static Campaign Campaign(int quota) => new(
        Guid.CreateVersion7(), 1, CampaignPhase.Active, new LocalizedText("가", "a"), new LocalizedText("", ""), quota, 1, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), "Asia/Seoul",
        new Benefit(Benefit.FreeShippingKind), new Validity(Days: 1), [], null, false, false, 0, DateTimeOffset.UtcNow, DateTimeOffset.UtcNow);

    private Task<CampaignGate> OpenAsync(int quota, DateTimeOffset? opensAt = null, DateTimeOffset? closesAt = null)
    {
        var campaign = Campaign(quota);
        return OpenAsync(campaign with { OpensAt = opensAt ?? campaign.OpensAt, ClosesAt = closesAt ?? campaign.ClosesAt });
    }

    /// <summary>An empty open gate of generation 1, made by the scripts of a rebuild.</summary>
    private protected async Task<CampaignGate> OpenAsync(Campaign campaign)
    {
        var keys = new GateKeys(campaign);
        var grouped = campaign.Group is null ? 0 : 1;
        var closed = ((string)(await Redis.ScriptEvaluateAsync(RebuildScripts.Close, [keys.Control, keys.Group], [1, grouped]))!).Split('|');
        Assert.Equal("own", closed[0]);
        var opened = await Redis.ScriptEvaluateAsync(RebuildScripts.Open, [keys.Control, keys.Group],
        [
            1, closed[1], grouped, "v", campaign.Version, "p", CampaignGate.Phase(campaign), "o", campaign.OpensAt.ToUnixTimeMilliseconds(), "c", campaign.ClosesAt.ToUnixTimeMilliseconds(),
            "q", campaign.Quota, "rel", 0, "pm", campaign.PerMember, "fg", campaign.Audience.Count > 0 ? 1 : 0, "n", 0, "w", 0, "at", 0, "hold", 0,
            "b", GateKeys.BucketsFor(campaign.Quota), "fb", GateKeys.FilterBitsFor(campaign.Quota),
        ]);
        Assert.Equal("opened", (string?)opened);
        return new CampaignGate(Redis, campaign);
    }

    private protected static async Task<GateAnswer[]> ClaimAsync(CampaignGate gate, IReadOnlyList<Guid> members, bool eligible = true, string key = "")
    {
        var answers = new GateAnswer[members.Count];
        var (status, _) = await gate.ClaimAsync([.. members.Select(member => new GateClaim(member, IdempotencyKey.Hash(key), eligible))], answers);
        Assert.Equal(GateStatus.Answered, status);
        return answers;
    }
}
