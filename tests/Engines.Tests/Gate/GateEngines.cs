using System.Collections.Concurrent;
using FirstCome.Engines.Redis;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using Xunit;

namespace FirstCome.EnginesTests.Gate;

public sealed class GarnetGateTests : GateModelBehaviour
{
    private GarnetServer? _server;

    protected override Task<IConnectionMultiplexer> StartAsync() => (_server = new GarnetServer()).ConnectAsync();

    protected override ValueTask EndAsync()
    {
        _server?.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class RedisGateTests : GateModelBehaviour
{
    private RedisServer? _server;

    protected override async Task<IConnectionMultiplexer> StartAsync()
    {
        _server = await RedisServer.StartAsync();
        return await _server.ConnectAsync();
    }

    protected override ValueTask EndAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class RedisClusterGateTests : GateModelBehaviour
{
    private RedisCluster? _cluster;

    protected override async Task<IConnectionMultiplexer> StartAsync()
    {
        _cluster = await RedisCluster.StartAsync();
        return await _cluster.ConnectAsync();
    }

    protected override async ValueTask EndAsync()
    {
        if (_cluster is not null) { await _cluster.DisposeAsync(); }
    }

    [Fact]
    public async Task A_gate_whose_slot_moves_under_load_gives_no_number_twice_and_is_lost_afterwards()
    {
        const int Quota = 3_000;
        var gate = await OpenAsync(Campaign(Quota));
        var won = new ConcurrentDictionary<long, Guid>();
        using var moved = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var crowd = Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            var answers = new GateAnswer[10];
            while (!moved.IsCancellationRequested)
            {
                var members = Enumerable.Range(0, 10).Select(_ => Guid.CreateVersion7()).ToList();
                try
                {
                    var (status, _) = await gate.ClaimAsync([.. members.Select(member => new GateClaim(member, IdempotencyKey.Hash(""), true))], answers);
                    if (status != GateStatus.Answered) { continue; }
                }
                // Between two masters a call may be refused, or its outcome unknown; the caller is told 503.
                catch (Exception exception) when (exception is RedisException or TimeoutException) { continue; }
                for (var i = 0; i < answers.Length; i++)
                {
                    if (answers[i].Verdict == GateVerdict.Won) { Assert.True(won.TryAdd(answers[i].Sequence, members[i])); }
                }
            }
        }, Cancel)).ToList();
        await Eventually.TrueAsync(() => won.Count > 100, TimeSpan.FromSeconds(20), "the crowd wins");
        await _cluster!.MoveSlotOfAsync(gate.Keys.Control);
        // Another process than the one it was opened on: not to be trusted.
        await Eventually.TrueAsync(async () =>
        {
            try { return (await gate.LookAsync()).Status == GateStatus.Lost; }
            catch (RedisException) { return false; }
        }, TimeSpan.FromSeconds(20), "the gate counts as lost");
        await moved.CancelAsync();
        await Task.WhenAll(crowd);
        Assert.True(won.Count <= Quota && won.Keys.Max() <= Quota);
        Assert.Equal(GateStatus.Lost, (await gate.ClaimAsync([new GateClaim(Guid.CreateVersion7(), IdempotencyKey.Hash(""), true)], new GateAnswer[1])).Status);
    }
}

/// <summary>A master that has lost its replica promises nothing.</summary>
public sealed class ReplicatedGateTests : GateBehaviour
{
    private static readonly TimeSpan s_confirmMax = TimeSpan.FromSeconds(1), s_promotionMax = TimeSpan.FromSeconds(10);

    private RedisServer? _master, _replica;
    private Replicas? _replicas;

    protected override async Task<IConnectionMultiplexer> StartAsync()
    {
        _master = await RedisServer.StartAsync();
        _replica = await RedisServer.StartAsync("--replicaof", $"127.0.0.1 {_master.EndPoint.Port}");
        var connection = await ConnectionMultiplexer.ConnectAsync(RedisConnection.Options(new RedisOptions { Endpoints = $"{_master.EndPoint},{_replica.EndPoint}" }));
        _replicas = new Replicas(connection, 1, s_confirmMax, NullLogger<Replicas>.Instance);
        await Eventually.TrueAsync(() => _replicas.HaveAsync("beat", database => database.StringSetAsync("beat", 1)), TimeSpan.FromSeconds(20), "the replica follows");
        return connection;
    }

    protected override async ValueTask EndAsync()
    {
        if (_replica is not null) { await _replica.DisposeAsync(); }
        if (_master is not null) { await _master.DisposeAsync(); }
    }

    [Fact]
    public async Task What_the_replica_has_not_confirmed_is_neither_marked_nor_told_again()
    {
        var campaign = Campaign(10);
        await OpenAsync(campaign);
        var gate = new CampaignGate(Redis, campaign, _replicas);
        var (first, second) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var won = Assert.Single(await ClaimAsync(gate, [first]));
        Assert.True(Assert.Single((await gate.MarkAsync(1, [(first, won.Sequence)])).Marked));
        Assert.Equal(GateVerdict.Held, Assert.Single(await ClaimAsync(gate, [first])).Verdict);

        _replica!.Process.Freeze();
        try
        {
            var doubtful = Assert.Single(await ClaimAsync(gate, [second]));
            Assert.False(Assert.Single((await gate.MarkAsync(1, [(second, doubtful.Sequence)])).Marked));
            Assert.Equal(GateVerdict.NotYetKnown, Assert.Single(await ClaimAsync(gate, [first])).Verdict);
            Assert.NotEqual(GateStatus.Answered, (await gate.HeldAsync(first)).Status);
        }
        finally { _replica.Process.Thaw(); }
        await Eventually.TrueAsync(async () => Assert.Single(await ClaimAsync(gate, [second])).Verdict == GateVerdict.Held, TimeSpan.FromSeconds(20), "it is told again once the replica confirms");
    }

    [Fact]
    public async Task What_the_replica_has_not_confirmed_is_no_last_word_either()
    {
        var campaign = Campaign(1);
        await OpenAsync(campaign);
        var gate = new CampaignGate(Redis, campaign, _replicas);
        var (winner, late) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var won = Assert.Single(await ClaimAsync(gate, [winner]));
        Assert.True(Assert.Single((await gate.MarkAsync(1, [(winner, won.Sequence)])).Marked));
        Task<GateVerdict> RefusedAsync(Guid member) => VerdictAsync(gate, member, "another key");
        Assert.Equal((GateVerdict.SoldOut, GateVerdict.LimitReached), (await RefusedAsync(late), await RefusedAsync(winner)));
        Assert.NotNull(await gate.SoldOutAsync(TimeProvider.System));

        _replica!.Process.Freeze();
        try
        {
            Assert.Equal((GateVerdict.NotYetKnown, GateVerdict.NotYetKnown), (await RefusedAsync(late), await RefusedAsync(winner)));
            Assert.Null(await gate.SoldOutAsync(TimeProvider.System));
        }
        finally { _replica.Process.Thaw(); }
        await Eventually.TrueAsync(async () => await RefusedAsync(late) == GateVerdict.SoldOut, TimeSpan.FromSeconds(20), "it is refused for good once the replica confirms");
    }

    private static async Task<GateVerdict> VerdictAsync(CampaignGate gate, Guid member, string key)
    {
        var answers = new GateAnswer[1];
        Assert.Equal(GateStatus.Answered, (await gate.ClaimAsync([new GateClaim(member, IdempotencyKey.Hash(key), true)], answers)).Status);
        return answers[0].Verdict;
    }

    [Fact]
    public async Task A_gate_on_a_promoted_replica_is_a_lost_one_however_much_of_it_is_there()
    {
        var campaign = Campaign(10);
        await OpenAsync(campaign);
        var gate = new CampaignGate(Redis, campaign, _replicas);
        var member = Guid.CreateVersion7();
        var won = Assert.Single(await ClaimAsync(gate, [member]));
        Assert.True(Assert.Single((await gate.MarkAsync(1, [(member, won.Sequence)])).Marked));

        await _master!.Process.KillAsync();
        await using var promoted = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { _replica!.EndPoint }, AllowAdmin = true });
        await promoted.GetServer(_replica.EndPoint).ExecuteAsync("REPLICAOF", "NO", "ONE");
        var there = new CampaignGate(promoted.GetDatabase(), campaign);
        Assert.Equal(1, await promoted.GetDatabase().HashLengthAsync(there.Keys.Winners(1, GateKeys.Bucket(member.ToByteArray(bigEndian: true), GateKeys.BucketsFor(10)))));
        Assert.Equal(GateStatus.Lost, (await there.LookAsync()).Status);
        // So does who knew it as a replica, within seconds.
        await Eventually.TrueAsync(async () =>
        {
            try { return (await gate.LookAsync()).Status == GateStatus.Lost; }
            catch (RedisException) { return false; }
        }, s_promotionMax, "it is found where it was promoted");
    }
}

public sealed class EvictingServerTests
{
    [Fact]
    public async Task A_server_that_would_evict_winners_gets_no_gate()
    {
        await using var server = await RedisServer.StartAsync("--maxmemory-policy", "allkeys-lru");
        await using var connection = await server.ConnectAsync();
        Assert.Equal("evicts|allkeys-lru", (string?)await connection.GetDatabase().ScriptEvaluateAsync(RebuildScripts.Close, ["gate:{a}:a", "gate:{a}:group"], [1, 0]));
    }
}
