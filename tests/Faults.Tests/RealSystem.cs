using FirstCome.TestKit;
using StackExchange.Redis;
using Xunit;

[assembly: AssemblyFixture(typeof(FirstCome.FaultsTests.RealSystem))]

namespace FirstCome.FaultsTests;

/// <summary>
/// The system as it is deployed, with two of what takes and records claims: processes of their own on a real Redis with append-only file, a real Kafka, a real MySQL (MariaDB where that is all there is).
/// Started by the first test, used by all; each test finds it whole.
/// </summary>
public sealed class RealSystem : IAsyncDisposable
{
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(90);

    private readonly TemporaryFolder _folder = new();
    private readonly SemaphoreSlim _starting = new(1);
    private KafkaBroker? _kafka;
    private RedisServer? _redis;
    private DatabaseServer? _database;
    private ServicesProcess? _services;

    internal KafkaBroker Kafka => _kafka ?? throw NotStarted();

    internal RedisServer Redis => _redis ?? throw NotStarted();

    internal DatabaseServer Database => _database ?? throw NotStarted();

    internal ServicesProcess Services => _services ?? throw NotStarted();

    internal string Data => _folder.FullName;

    /// <summary>The system, whole again after what the test before did to it.</summary>
    internal async Task ReadyAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_services is null) { await StartAsync(); }
            foreach (var restart in Broken().ToList()) { await restart(); }
        }
        finally { _starting.Release(); }
        // The gateway's word alone is not enough: it goes on with the last known instances.
        await Eventually.TrueAsync(async () => await Services.IsReadyAsync() && await Services.AllHealthyAsync(), s_readyMax, $"the system is whole\n{Services.Process.Output[^Math.Min(4_000, Services.Process.Output.Length)..]}");
    }

    /// <summary>A connection to Redis that may do what an administrator may.</summary>
    internal async Task<IServer> RedisAdminAsync()
    {
        var connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { Redis.EndPoint }, AllowAdmin = true });
        return connection.GetServer(Redis.EndPoint);
    }

    public async ValueTask DisposeAsync()
    {
        if (_services is not null) { await _services.DisposeAsync(); }
        if (_kafka is not null) { await _kafka.DisposeAsync(); }
        if (_redis is not null) { await _redis.DisposeAsync(); }
        if (_database is not null) { await _database.DisposeAsync(); }
        _folder.Dispose();
        _starting.Dispose();
    }

    private async Task StartAsync()
    {
        _redis = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "everysec");
        _kafka = await KafkaBroker.StartAsync();
        _database = MySqlServer.IsThere ? await MySqlServer.StartAsync() : await MariaDbServer.StartAsync();
        var log = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", "faults.log"));
        File.Delete(log);
        _services = new ServicesProcess(
            Path.Combine(Data, "system"), _redis.EndPoint.ToString(), _kafka.Address, _database.Port, "IssueService=2,IssueWorker=2", TimeSpan.FromSeconds(1), log);
        await _services.StartAsync();
    }

    // A test that failed in the middle may have left an engine dead.
    private IEnumerable<Func<Task>> Broken()
    {
        if (Redis.Process.HasExited) { yield return Redis.RestartAsync; }
        if (Kafka.Process.HasExited) { yield return Kafka.RestartAsync; }
        if (Database.Process.HasExited) { yield return Database.RestartAsync; }
    }

    private static InvalidOperationException NotStarted() => new("The system was not started.");
}
