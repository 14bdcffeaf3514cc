using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.Engines.Redis;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Operations;
using FirstCome.IssueService.Recovery;
using FirstCome.IssueWorker.Recording;
using FirstCome.Ledger;
using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using StackExchange.Redis;
using Xunit;
using Database = FirstCome.Engines.Database.Database;

namespace FirstCome.EnginesTests.Claims;

/// <summary>Gate, log and ledger side by side, moved by hand: a test decides what happens, when, and what is lost on the way.</summary>
public sealed class ClaimBench : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;
    private readonly GarnetServer _garnet = new();
    private readonly EmbeddedLog _log;
    private readonly ILogReader _reader;
    private readonly LedgerBatch _batch;
    private IConnectionMultiplexer _redis = null!;

    private ClaimBench(TemporaryFolder folder, Database ledger)
    {
        _folder = folder;
        _log = new EmbeddedLog(new EmbeddedLogOptions { File = _folder.File("log.db") }, TimeProvider.System, NullLogger<EmbeddedLog>.Instance);
        Ledger = ledger;
        _batch = new LedgerBatch(Ledger, TimeProvider.System, NullLogger<LedgerBatch>.Instance);
        _reader = _log.Subscribe(new LogSubscription(Topics.CouponClaims, RecordClaims.Group, new LogStart.Committed()));
    }

    public Database Ledger { get; }

    internal IEventLog Log => _log;

    internal CampaignGate Gate { get; private set; } = null!;

    internal Campaign Campaign { get; private set; } = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>A campaign whose first gate was made by a rebuild, as scheduling makes it.</summary>
    public static async Task<ClaimBench> StartAsync(LedgerEngine engine, int quota, Func<Campaign, Campaign>? change = null)
    {
        var folder = new TemporaryFolder();
        var bench = new ClaimBench(folder, await LedgerEngines.OpenAsync(engine, folder));
        await bench._log.EnsureTopicsAsync(Topics.All, Cancel);
        await bench.Ledger.MigrateAsync(typeof(ClaimRow).Assembly, Cancel);
        bench._redis = await bench._garnet.ConnectAsync();
        var now = DateTimeOffset.UtcNow;
        var campaign = new Campaign(
            Guid.CreateVersion7(), 1, CampaignPhase.Active, new LocalizedText("가", "a"), new LocalizedText("", ""), quota, 1, now.AddHours(-1), now.AddHours(1), "Asia/Seoul",
            new Benefit(Benefit.FreeShippingKind), new Validity(Days: 1), [], null, false, false, 0, now, now);
        bench.Campaign = change?.Invoke(campaign) ?? campaign;
        await bench.Ledger.WriteAsync((connection, transaction, token) => LedgerCampaigns.WriteAsync(connection, transaction, bench.Campaign, true, token), Cancel);
        bench.Gate = new CampaignGate(bench._redis.GetDatabase(), bench.Campaign);
        Assert.Equal(RebuildOutcome.Opened, await bench.RebuildAsync());
        return bench;
    }

    /// <summary>Asks the gate.</summary>
    internal async Task<GateAnswer> ReserveAsync(Guid member, string key = "")
    {
        var answers = new GateAnswer[1];
        var (status, _) = await Gate.ClaimAsync([new GateClaim(member, IdempotencyKey.Hash(key), true)], answers);
        Assert.Equal(GateStatus.Answered, status);
        return answers[0];
    }

    /// <summary>Brings a reservation into the log, without the mark.</summary>
    internal Task PublishAsync(Guid member, GateAnswer answer, int generation, string key = "") => _log.ProduceAsync(
        Topics.CouponClaims,
        [new LogRecord(member.ToString("N"), JsonSerializer.SerializeToUtf8Bytes(
            new ClaimAccepted(Campaign.Id, member, answer.Nth, answer.Sequence, generation, Convert.ToHexStringLower(IdempotencyKey.Hash(key)), answer.AcceptedAtMs), MessageJson.Default.ClaimAccepted))], Cancel);

    internal async Task<bool> MarkAsync(Guid member, GateAnswer answer, int generation) => Assert.Single((await Gate.MarkAsync(generation, [(member, answer.Sequence)])).Marked);

    /// <summary>The whole way to the 202.</summary>
    internal async Task<GateAnswer> AcceptAsync(Guid member, string key = "")
    {
        var answer = await ReserveAsync(member, key);
        Assert.Equal(GateVerdict.Won, answer.Verdict);
        await PublishAsync(member, answer, Gate.Generation, key);
        Assert.True(await MarkAsync(member, answer, Gate.Generation));
        return answer;
    }

    /// <summary>Lets the worker write everything that the log has; answers each batch's result.</summary>
    internal async Task<IReadOnlyList<BatchResult>> RecordAsync(bool patient = false)
    {
        var results = new List<BatchResult>();
        while (await _reader.ReadAsync(1_000, TimeSpan.FromMilliseconds(1), Cancel) is { Count: > 0 } records)
        {
            results.Add(await _batch.WriteAsync(records, patient, Cancel) ?? throw new InvalidOperationException("The worker waits for a raise."));
            await _reader.CommitAsync(Cancel);
        }
        return results;
    }

    /// <summary>Leaves the log to a worker's own loop: two readers of one group would share its partitions.</summary>
    internal ValueTask LeaveLogAsync() => _reader.DisposeAsync();

    /// <summary>What IssueService compares and repairs with.</summary>
    internal Reconciliation Reconciliation(CompareClaims compare, IHttpClientFactory services) => new(
        Ledger, _log, compare, new RebuildGate(Ledger, _redis, NoReplicas, _log, TimeProvider.System, NullLogger<RebuildGate>.Instance), services, TimeProvider.System);

    /// <summary>Rebuilds the gate, while the worker goes on reading as it does in the real system.</summary>
    internal async Task<RebuildOutcome> RebuildAsync(Replicas? replicas = null)
    {
        var rebuild = new RebuildGate(Ledger, _redis, replicas ?? NoReplicas, _log, TimeProvider.System, NullLogger<RebuildGate>.Instance).RunAsync(Campaign.Id, Cancel);
        while (!rebuild.IsCompleted)
        {
            await RecordAsync();
            await Task.WhenAny(rebuild, Task.Delay(5, Cancel));
        }
        return await rebuild;
    }

    private Replicas NoReplicas => new(_redis, 0, TimeSpan.Zero, NullLogger<Replicas>.Instance);

    /// <summary>Redis ends.</summary>
    internal void StopRedis() => _garnet.Stop();

    /// <summary>Redis ends and comes back empty.</summary>
    internal void LoseRedis()
    {
        _garnet.Stop();
        _garnet.Start();
    }

    /// <summary>The gate's keys are gone, as after a FLUSHALL of the same process.</summary>
    internal Task FlushAsync() => Redis.KeyDeleteAsync([Gate.Keys.Control, Gate.Keys.Unlogged(Gate.Generation), Gate.Keys.Filter(Gate.Generation)]);

    internal IDatabase Redis => _redis.GetDatabase();

    /// <summary>Runs a statement in the ledger.</summary>
    internal Task ExecuteAsync(string sql) => Ledger.WriteAsync(async (connection, transaction, token) =>
    {
        await using var command = LedgerValues.Command(connection, transaction, sql);
        await command.ExecuteNonQueryAsync(token);
    }, Cancel);

    internal Task<long> CountAsync(string sql) => Ledger.ReadAsync(async (connection, token) =>
    {
        await using var command = LedgerValues.Command(connection, null, sql, ("@id", LedgerValues.Id(Campaign.Id)));
        return Convert.ToInt64(await command.ExecuteScalarAsync(token), System.Globalization.CultureInfo.InvariantCulture);
    }, Cancel);

    public async ValueTask DisposeAsync()
    {
        await _reader.DisposeAsync();
        await _log.DisposeAsync();
        await Ledger.DisposeAsync();
        await _redis.DisposeAsync();
        _garnet.Dispose();
        _folder.Dispose();
    }
}
