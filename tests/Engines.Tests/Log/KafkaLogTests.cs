using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.Engines.Log.Kafka;
using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

[assembly: AssemblyFixture(typeof(FirstCome.EnginesTests.Log.SharedKafka))]

namespace FirstCome.EnginesTests.Log;

/// <summary>One broker, and one cluster of three, for all tests that need them: each is started by the first and ended after the last.</summary>
public sealed class SharedKafka : IAsyncDisposable
{
    private const int WarmRounds = 10;
    private static readonly TimeSpan s_warm = TimeSpan.FromSeconds(60);
    private readonly SemaphoreSlim _starting = new(1);
    private KafkaBroker? _one;
    private IReadOnlyList<KafkaBroker>? _three;

    public async Task<KafkaBroker> OneAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try { return _one ??= (await WarmAsync([await KafkaBroker.StartAsync(foundDeadSoon: true)]))[0]; }
        finally { _starting.Release(); }
    }

    public async Task<IReadOnlyList<KafkaBroker>> ThreeAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try { return _three ??= await WarmAsync(await KafkaBroker.StartClusterAsync(3)); }
        finally { _starting.Release(); }
    }

    // A broker that has only just begun to answer takes its time over the first records, and a client waits no longer than a member may.
    private static async Task<IReadOnlyList<KafkaBroker>> WarmAsync(IReadOnlyList<KafkaBroker> brokers)
    {
        var options = new KafkaOptions { BootstrapServers = string.Join(",", brokers.Select(broker => broker.Address)), ReplicationFactor = (short)brokers.Count, MinInsyncReplicas = (short)Math.Min(2, brokers.Count), Prefix = "warm." };
        await using var log = new KafkaLog(options, TimeProvider.System, NullLogger<KafkaLog>.Instance);
        await log.EnsureTopicsAsync([EventLogBehaviour.Spread], TestContext.Current.CancellationToken);
        for (var round = 0; round < WarmRounds; round++)
        {
            await Eventually.TrueAsync(async () =>
            {
                try { return (await log.ProduceAsync(EventLogBehaviour.Spread, [.. Enumerable.Range(0, 100).Select(i => EventLogBehaviour.Record($"{i}", "warm"))], TestContext.Current.CancellationToken)).Count > 0; }
                catch (LogUnavailableException) { return false; }
            }, s_warm, "the brokers acknowledge records");
        }
        return brokers;
    }

    public async ValueTask DisposeAsync()
    {
        if (_one is not null) { await _one.DisposeAsync(); }
        foreach (var broker in _three ?? []) { await broker.DisposeAsync(); }
        _starting.Dispose();
    }
}

public sealed class KafkaLogTests(SharedKafka shared) : KafkaBehaviour
{
    protected override async Task<KafkaOptions> ClusterAsync() => new() { BootstrapServers = (await shared.OneAsync()).Address };

    protected override async Task RestartClusterAsync() => await (await shared.OneAsync()).RestartAsync();

    [Fact]
    public async Task A_broker_that_stands_still_is_an_unavailable_log_and_is_used_again_when_it_goes_on()
    {
        await Log.ProduceAsync(Narrow, [Record("k", "before")], Cancel);
        await using var reader = Log.Subscribe(FromTheFirst(Narrow));
        Assert.Equal(["before"], Texts(await ReadAsync(reader, 1)));
        var broker = (await shared.OneAsync()).Process;
        broker.Freeze();
        try
        {
            var asked = System.Diagnostics.Stopwatch.StartNew();
            await Assert.ThrowsAsync<LogUnavailableException>(() => Log.ProduceAsync(Narrow, [Record("k", "doubtful")], Cancel));
            Assert.InRange(asked.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(3));
            await Assert.ThrowsAsync<LogUnavailableException>(async () => { while (true) { await reader.ReadAsync(10, TimeSpan.FromSeconds(1), Cancel); } });
        }
        finally { broker.Thaw(); }
        await Eventually.TrueAsync(async () =>
        {
            try { await Log.ProduceAsync(Narrow, [Record("k", "after")], Cancel); return true; }
            catch (LogUnavailableException) { return false; }
        }, Limit, "records are acknowledged again");
        var read = new List<string>();
        await Eventually.TrueAsync(async () =>
        {
            try { read.AddRange(Texts(await reader.ReadAsync(10, TimeSpan.FromSeconds(1), Cancel))); }
            catch (LogUnavailableException) { return false; }
            return read.Contains("after");
        }, Limit, "the reader goes on");
        // What was not acknowledged may be there or not; what was read before does not come again.
        Assert.DoesNotContain("before", read);
    }

    [Fact]
    public async Task Nobody_waits_for_the_commit_of_a_broker_that_stands_still_and_the_reader_goes_on_with_it()
    {
        await Log.ProduceAsync(Narrow, [Record("k", "before")], Cancel);
        var clients = Clients();
        await using (var reader = Log.Subscribe(new LogSubscription(Narrow, "patient", new LogStart.Committed())))
        {
            Assert.Equal(["before"], Texts(await ReadAsync(reader, 1)));
            var broker = (await shared.OneAsync()).Process;
            broker.Freeze();
            try
            {
                await reader.CommitAsync(Cancel).AsTask().WaitAsync(s_soon, Cancel);
                await RefusedAsync(async () => await reader.RewindAsync(Cancel));
                await RefusedAsync(async () => await reader.ReadAsync(10, TimeSpan.FromSeconds(1), Cancel));
            }
            finally { broker.Thaw(); }
            await Eventually.TrueAsync(async () =>
            {
                try { await Log.ProduceAsync(Narrow, [Record("k", "after")], Cancel); return true; }
                catch (LogUnavailableException) { return false; }
            }, Limit, "records are acknowledged again");
            var isCommitted = false;
            await Eventually.TrueAsync(async () =>
            {
                try
                {
                    var read = Texts(await reader.ReadAsync(10, TimeSpan.FromSeconds(1), Cancel));
                    await reader.CommitAsync(Cancel);
                    return isCommitted |= read.Contains("after");
                }
                catch (LogUnavailableException) { return false; }
            }, Limit, "the reader goes on and commits");
        }
        // One that is subscribed afterwards finds nothing left, and no client of the former one is left behind.
        await using var next = Log.Subscribe(new LogSubscription(Narrow, "patient", new LogStart.Committed()));
        await Log.ProduceAsync(Narrow, [Record("k", "last")], Cancel);
        Assert.Equal(["last"], Texts(await ReadAsync(next, 1)));
        await next.DisposeAsync();
        await Eventually.TrueAsync(() => Task.FromResult(Clients() <= clients), Limit, "the readers' clients are gone");

        async Task RefusedAsync(Func<Task> call)
        {
            var asked = System.Diagnostics.Stopwatch.StartNew();
            await Assert.ThrowsAsync<LogUnavailableException>(call);
            Assert.InRange(asked.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(8));
        }
    }

    private static readonly TimeSpan s_soon = TimeSpan.FromSeconds(1);

    // Each of librdkafka's clients has one main thread.
    private static int Clients() => Directory.GetDirectories("/proc/self/task").Count(task => File.Exists(task + "/comm") && File.ReadAllText(task + "/comm").StartsWith("rdk:main", StringComparison.Ordinal));

    [Fact]
    public async Task A_client_that_destroyed_itself_is_replaced_and_not_disposed_again()
    {
        var options = new KafkaOptions { BootstrapServers = (await shared.OneAsync()).Address };
        await using var admin = new KafkaAdmin(options, TimeProvider.System, new ClientFailures(TimeProvider.System, NullLogger.Instance), NullLogger.Instance);
        Task<int> Brokers(Action<Confluent.Kafka.IAdminClient>? before) => admin.AskAsync("tell the brokers", TimeSpan.FromSeconds(5), client =>
        {
            before?.Invoke(client);
            return Task.FromResult(client.GetMetadata(TimeSpan.FromSeconds(5)).Brokers.Count);
        }, Cancel);
        Assert.Equal(1, await Brokers(null));
        await Assert.ThrowsAsync<LogUnavailableException>(() => Brokers(client => client.Dispose()));
        Assert.Equal(1, await Brokers(client => client.AddBrokers("")));
        // The last one is gone when the log is closed: its end must not touch it.
        Assert.Equal(0, await admin.AskAsync("end", TimeSpan.FromSeconds(5), client => { client.Dispose(); return Task.FromResult(0); }, Cancel));
    }

    [Fact]
    public async Task A_failure_of_the_callers_own_offsets_hands_nothing_over_and_the_next_read_asks_again()
    {
        await Log.ProduceAsync(Narrow, [Record("k", "a"), Record("k", "b"), Record("k", "c")], Cancel);
        var away = true;
        await using var reader = Log.Subscribe(new LogSubscription(Narrow, "keeper", new LogStart.Kept((_, _, _) => away ? throw new InvalidOperationException("away") : ValueTask.FromResult<long?>(2))));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => { while (true) { Assert.Empty(await reader.ReadAsync(10, TimeSpan.FromSeconds(1), Cancel)); } });

        away = false;
        Assert.Equal(["c"], Texts(await ReadAsync(reader, 1)));
    }
}

/// <summary>Three brokers, every record on all of them, two needed for an acknowledgement.</summary>
public sealed class KafkaClusterLogTests(SharedKafka shared) : KafkaBehaviour
{
    protected override async Task<KafkaOptions> ClusterAsync() =>
        new() { BootstrapServers = string.Join(",", (await shared.ThreeAsync()).Select(broker => broker.Address)), ReplicationFactor = 3, MinInsyncReplicas = 2 };

    // One after the other, as a rolling restart does.
    protected override async Task RestartClusterAsync()
    {
        foreach (var broker in await shared.ThreeAsync()) { await broker.RestartAsync(); }
    }

    [Fact]
    public async Task One_broker_killed_loses_nothing_and_two_killed_acknowledge_nothing()
    {
        var brokers = await shared.ThreeAsync();
        var acknowledged = new List<string>();
        await AcknowledgedAsync("all", acknowledged);
        try
        {
            await brokers[0].Process.KillAsync();
            await AcknowledgedAsync("two of three", acknowledged);
            await brokers[1].Process.KillAsync();
            for (var i = 0; i < 3; i++)
            {
                await Assert.ThrowsAsync<LogUnavailableException>(() => Log.ProduceAsync(Narrow, [Record("k", "one of three")], Cancel));
                // Who is alone cannot prove an end, whatever it takes for one.
                await Assert.ThrowsAsync<LogUnavailableException>(() => Log.FenceAsync(Narrow, Cancel));
            }
        }
        finally { await Task.WhenAll(brokers[0].RestartAsync(), brokers[1].RestartAsync()); }
        await AcknowledgedAsync("all again", acknowledged);
        await using var reader = Log.Subscribe(FromTheFirst(Narrow));
        var read = new List<string>();
        await Eventually.TrueAsync(async () =>
        {
            try { read.AddRange(Texts(await reader.ReadAsync(1_000, TimeSpan.FromSeconds(1), Cancel))); }
            catch (LogUnavailableException) { return false; }
            return acknowledged.All(read.Contains);
        }, TimeSpan.FromSeconds(60), "every acknowledged record is read");
    }

    private async Task AcknowledgedAsync(string when, List<string> acknowledged) => await Eventually.TrueAsync(async () =>
    {
        try
        {
            await Log.ProduceAsync(Narrow, [Record("k", when)], Cancel);
            acknowledged.Add(when);
            return true;
        }
        catch (LogUnavailableException) { return false; }
    }, TimeSpan.FromSeconds(60), $"a record is acknowledged: {when}");
}

/// <summary>The log on Kafka: every test under a prefix of its own, so that it finds the log empty.</summary>
public abstract class KafkaBehaviour : EventLogBehaviour
{
    private static readonly Topic s_first = new("first", 1, TimeSpan.FromDays(1));

    private KafkaLog? _log;
    private KafkaOptions? _options;

    protected abstract Task<KafkaOptions> ClusterAsync();

    protected abstract Task RestartClusterAsync();

    protected override async Task<IEventLog> StartAsync()
    {
        _options = await ClusterAsync();
        _options.Prefix = $"t{Guid.NewGuid():N}.";
        return _log = Open();
    }

    protected override async Task<IEventLog> RestartAsync()
    {
        await _log!.DisposeAsync();
        await RestartClusterAsync();
        _log = Open();
        // As above: a broker that has only just begun to answer, and clients that have not asked it yet.
        await _log.EnsureTopicsAsync([s_first], Cancel);
        await Eventually.TrueAsync(async () =>
        {
            try
            {
                await _log.ProduceAsync(s_first, [Record("k", "first")], Cancel);
                foreach (var topic in (Topic[])[Spread, Narrow]) { await _log.EndOffsetsAsync(topic, Cancel); }
                return true;
            }
            catch (LogUnavailableException) { return false; }
        }, TimeSpan.FromSeconds(60), "the log takes records again");
        return _log;
    }

    public override async ValueTask DisposeAsync()
    {
        if (_log is not null) { await _log.DisposeAsync(); }
        GC.SuppressFinalize(this);
    }

    private KafkaLog Open() => new(_options!, TimeProvider.System, NullLogger<KafkaLog>.Instance);
}
