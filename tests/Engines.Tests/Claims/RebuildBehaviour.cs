using FirstCome.Engines.Redis;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Recovery;
using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>When a gate may be trusted: what a rebuild keeps, and what it makes void.</summary>
public abstract class RebuildBehaviour(LedgerEngine engine)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task After_a_loss_every_promise_stands_and_the_numbers_go_on()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10);
        var (one, other) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var (first, second) = (await bench.AcceptAsync(one), await bench.AcceptAsync(other));
        await bench.FlushAsync();
        Assert.Equal(GateStatus.Lost, (await bench.Gate.LookAsync()).Status);
        Assert.Equal(RebuildOutcome.Opened, await bench.RebuildAsync());
        foreach (var (member, before) in new[] { (one, first), (other, second) })
        {
            var after = await bench.ReserveAsync(member);
            Assert.Equal((GateVerdict.Held, before.Sequence, before.AcceptedAtMs, before.Nth), (after.Verdict, after.Sequence, after.AcceptedAtMs, after.Nth));
        }
        Assert.Equal(3, (await bench.ReserveAsync(Guid.CreateVersion7())).Sequence);
        Assert.Equal(2, bench.Gate.Generation);
    }

    [Fact]
    public async Task A_rebuilt_gate_holds_byte_for_byte_what_the_scripts_had_written()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 200, campaign => campaign with { PerMember = 3 });
        var members = Enumerable.Range(0, 30).Select(_ => Guid.CreateVersion7()).ToArray();
        // Others come between a member's first claim and the second.
        for (var nth = 0; nth < 3; nth++)
        {
            for (var i = 0; i < members.Length; i++) { if (nth <= i % 3) { await bench.AcceptAsync(members[i], $"key-{nth}"); } }
        }
        await bench.RecordAsync();
        var before = await KeptAsync(bench);
        await bench.FlushAsync();
        Assert.Equal(RebuildOutcome.Opened, await bench.RebuildAsync());
        await bench.Gate.LookAsync();
        Assert.Equal(2, bench.Gate.Generation);
        var after = await KeptAsync(bench);
        Assert.Equal(30, after.Winners.Count);
        Assert.Equal(before.Winners, after.Winners);
        // What the scripts grow lazily may be shorter; zeros are as good as nothing.
        Assert.Equal(before.Filter.AsSpan().TrimEnd((byte)0), after.Filter.AsSpan().TrimEnd((byte)0));
    }

    [Fact]
    public async Task A_master_whose_replicas_have_left_it_takes_no_claim_from_the_gate_that_is_open_elsewhere()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10);
        await bench.AcceptAsync(Guid.CreateVersion7());
        await using var alone = await RedisServer.StartAsync();
        await using var connection = await alone.ConnectAsync();
        var replicas = new Replicas(connection, 1, TimeSpan.FromMilliseconds(50), NullLogger<Replicas>.Instance);
        Assert.Equal(RebuildOutcome.Unconfirmed, await bench.RebuildAsync(replicas));

        // The promoted replica's gate, in the generation before, goes on.
        var member = Guid.CreateVersion7();
        await bench.PublishAsync(member, new GateAnswer(GateVerdict.Won, 2, 1, DateTimeOffset.UtcNow.ToUnixTimeMilliseconds()), generation: 1);
        await bench.RecordAsync();
        Assert.Equal(2, await bench.CountAsync("SELECT COUNT(*) FROM claim WHERE campaign_id = @id"));
        Assert.Equal(0, await bench.CountAsync("SELECT COUNT(*) FROM generation_cut WHERE campaign_id = @id AND generation > 1"));

        Assert.Equal(RebuildOutcome.Opened, await bench.RebuildAsync());
        Assert.Equal(GateVerdict.Held, (await bench.ReserveAsync(member)).Verdict);
    }

    [Fact]
    public async Task Numbers_that_are_void_already_stay_so_through_the_next_rebuild()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10);
        await bench.ReserveAsync(Guid.CreateVersion7());
        await bench.AcceptAsync(Guid.CreateVersion7());
        for (var rebuild = 0; rebuild < 2; rebuild++)
        {
            await bench.FlushAsync();
            Assert.Equal(RebuildOutcome.Opened, await bench.RebuildAsync());
            await bench.Gate.LookAsync();
        }
        Assert.Equal(1, await bench.CountAsync("SELECT COUNT(*) FROM void_sequence WHERE campaign_id = @id AND sequence = 1 AND generation = 2"));
        Assert.Equal(1, await bench.CountAsync("SELECT COUNT(*) FROM void_sequence WHERE campaign_id = @id"));
        Assert.Equal(3, (await bench.ReserveAsync(Guid.CreateVersion7())).Sequence);
    }

    private static async Task<(SortedDictionary<string, string> Winners, byte[] Filter)> KeptAsync(ClaimBench bench)
    {
        var winners = new SortedDictionary<string, string>(StringComparer.Ordinal);
        for (var bucket = 0; bucket < GateKeys.BucketsFor(bench.Campaign.Quota); bucket++)
        {
            foreach (var entry in await bench.Redis.HashGetAllAsync(bench.Gate.Keys.Winners(bench.Gate.Generation, bucket))) { winners.Add($"{bucket} {Convert.ToHexString((byte[])entry.Name!)}", Convert.ToHexString((byte[])entry.Value!)); }
        }
        return (winners, (byte[]?)await bench.Redis.StringGetAsync(bench.Gate.Keys.Filter(bench.Gate.Generation)) ?? []);
    }

    [Fact]
    public async Task A_restarted_server_is_not_trusted_and_comes_back_whole()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10);
        var member = Guid.CreateVersion7();
        var before = await bench.AcceptAsync(member);
        bench.LoseRedis();
        await Eventually.TrueAsync(async () =>
        {
            try { return (await bench.Gate.LookAsync()).Status == GateStatus.Lost; }
            catch (StackExchange.Redis.RedisException) { return false; }
        }, s_limit, "the restarted server says that the gate is lost");
        Assert.Equal(RebuildOutcome.Opened, await bench.RebuildAsync());
        Assert.Equal(before.Sequence, (await bench.ReserveAsync(member)).Sequence);
    }

    [Fact]
    public async Task A_reservation_that_never_reached_the_log_becomes_void_and_its_late_record_is_dropped()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10);
        var (unlucky, lucky) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var unsent = await bench.ReserveAsync(unlucky);
        await bench.AcceptAsync(lucky);
        await bench.FlushAsync();
        await bench.RebuildAsync();
        Assert.Equal(1, await bench.CountAsync("SELECT COUNT(*) FROM void_sequence WHERE campaign_id = @id AND sequence = 1 AND generation = 2"));

        await bench.PublishAsync(unlucky, unsent, generation: 1);
        Assert.False(await bench.MarkAsync(unlucky, unsent, generation: 1));
        Assert.Equal(1, Assert.Single(await bench.RecordAsync()).Stale);
        Assert.Equal(0, await bench.CountAsync("SELECT COUNT(*) FROM claim WHERE campaign_id = @id AND sequence = 1"));
        var again = await bench.AcceptAsync(unlucky);
        Assert.Equal(3, again.Sequence);
        Assert.Equal(1, Assert.Single(await bench.RecordAsync()).New);
    }

    [Fact]
    public async Task A_record_before_the_cut_is_kept_though_its_answer_was_never_sent()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10);
        var member = Guid.CreateVersion7();
        var reserved = await bench.ReserveAsync(member);
        await bench.PublishAsync(member, reserved, generation: 1);
        await bench.FlushAsync();
        await bench.RebuildAsync();
        var again = await bench.ReserveAsync(member);
        Assert.Equal((GateVerdict.Held, reserved.Sequence), (again.Verdict, again.Sequence));
    }

    [Fact]
    public async Task Of_two_rebuilds_at_once_one_opens_and_the_other_gives_up_or_follows()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10);
        var member = Guid.CreateVersion7();
        var before = await bench.AcceptAsync(member);
        await bench.FlushAsync();
        var outcomes = await Task.WhenAll(bench.RebuildAsync(), bench.RebuildAsync());
        Assert.Contains(RebuildOutcome.Opened, outcomes);
        Assert.Equal(GateStatus.Answered, (await bench.Gate.LookAsync()).Status);
        Assert.Equal(before.Sequence, (await bench.ReserveAsync(member)).Sequence);
    }

    [Fact]
    public async Task An_open_gate_goes_on_after_a_rebuild_that_nobody_needed()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10);
        var (member, unsent) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var before = await bench.AcceptAsync(member);
        await bench.ReserveAsync(unsent);
        await bench.RebuildAsync();
        Assert.Equal(before.Sequence, (await bench.ReserveAsync(member)).Sequence);
        // Its number was beyond every row, so that nothing shows that it was ever given.
        Assert.Equal((GateVerdict.Won, 2L), (await bench.ReserveAsync(unsent) is var again ? (again.Verdict, again.Sequence) : default));
    }

    [Fact]
    public async Task The_keys_of_an_older_generation_are_removed()
    {
        await using var bench = await ClaimBench.StartAsync(engine, quota: 10);
        await bench.AcceptAsync(Guid.CreateVersion7());
        await bench.RebuildAsync();
        Assert.False(await bench.Redis.KeyExistsAsync(bench.Gate.Keys.Filter(1)));
        Assert.True(await bench.Redis.KeyExistsAsync(bench.Gate.Keys.Filter(2)));
    }
}
