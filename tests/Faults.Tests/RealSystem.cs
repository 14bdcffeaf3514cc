using FirstCome.TestKit;
using StackExchange.Redis;
using Xunit;

[assembly: AssemblyFixture(typeof(FirstCome.FaultsTests.RealSystem))]
[assembly: AssemblyFixture(typeof(FirstCome.FaultsTests.ReplicatedSystem))]

namespace FirstCome.FaultsTests;

/// <summary>A running system that tests do harm to: started by the first that needs it, used by all; each test finds it whole.</summary>
public abstract class FaultedSystem : IAsyncDisposable
{
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(90);

    private readonly TemporaryFolder _folder = new();
    private readonly SemaphoreSlim _starting = new(1);
    private readonly List<IAsyncDisposable> _engines = [];
    private ServicesProcess? _services;

    internal ServicesProcess Services => _services ?? throw NotStarted();

    /// <summary>The system, whole again after what the test before did to it.</summary>
    internal async Task ReadyAsync()
    {
        await _starting.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_services is null)
            {
                _services = await StartAsync(_folder.File("system"));
                await _services.StartAsync();
            }
            foreach (var restart in Broken().ToList()) { await restart(); }
        }
        finally { _starting.Release(); }
        // The gateway's word alone is not enough: it goes on with the last known instances.
        await Eventually.TrueAsync(async () => await Services.IsReadyAsync() && await Services.AllHealthyAsync(), s_readyMax, $"the system is whole\n{Services.Process.Output[^Math.Min(4_000, Services.Process.Output.Length)..]}");
    }

    public async ValueTask DisposeAsync()
    {
        if (_services is not null) { await _services.DisposeAsync(); }
        foreach (var engine in _engines) { await engine.DisposeAsync(); }
        _folder.Dispose();
        _starting.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the engines, and names the services' processes.</summary>
    protected abstract Task<ServicesProcess> StartAsync(string data);

    /// <summary>A test that failed in the middle may have left an engine dead.</summary>
    protected abstract IEnumerable<Func<Task>> Broken();

    /// <summary>An engine that ends with the system.</summary>
    protected T Own<T>(T engine) where T : IAsyncDisposable
    {
        _engines.Add(engine);
        return engine;
    }

    /// <param name="diskMegabytes">As <see cref="DatabaseServer"/> has it.</param>
    protected static async Task<DatabaseServer> StartDatabaseAsync(int diskMegabytes = 0) =>
        MySqlServer.IsThere ? await MySqlServer.StartAsync(diskMegabytes) : await MariaDbServer.StartAsync(diskMegabytes);

    /// <summary>All that the services say is kept there, for who looks for a failure's cause.</summary>
    protected static string Log(string name)
    {
        var log = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "..", $"{name}.log"));
        File.Delete(log);
        return log;
    }

    protected static InvalidOperationException NotStarted() => new("The system was not started.");
}

/// <summary>
/// The system as it is deployed, with two of what takes and records claims: processes of their own on a real Redis with append-only file, a real Kafka, a real MySQL (MariaDB where that is all there is).
/// Between all of them and each engine, and before one IssueService, lies a network that can be cut and slowed; one IssueService and one IssueWorker have a clock of their own that can be set wrong.
/// </summary>
public sealed class RealSystem : FaultedSystem
{
    internal const string SecondIssueService = "issue-service-2", SecondIssueWorker = "issue-worker-2";

    private static readonly string[] s_others = ["user-service", "coupon-service", "cache-service"];

    // What a new MySQL takes is half of it; the rest is for the coupons of all tests.
    private const int DatabaseDiskMegabytes = 600;

    private KafkaBroker? _kafka;
    private RedisServer? _redis;
    private DatabaseServer? _database;

    internal KafkaBroker Kafka => _kafka ?? throw NotStarted();

    internal RedisServer Redis => _redis ?? throw NotStarted();

    internal DatabaseServer Database => _database ?? throw NotStarted();

    /// <summary>Between each engine and the services.</summary>
    internal NetworkProxy RedisNetwork { get; private set; } = null!;

    internal NetworkProxy KafkaNetwork { get; private set; } = null!;

    internal NetworkProxy DatabaseNetwork { get; private set; } = null!;

    /// <summary>Between the second IssueService and whoever finds it in the registry: the gateway, CouponService.</summary>
    internal NetworkProxy IssueServiceNetwork { get; private set; } = null!;

    /// <summary>Before each of the services that take no part in a claim.</summary>
    internal IReadOnlyList<NetworkProxy> OtherNetworks { get; private set; } = [];

    /// <summary>Of the second IssueService and the second IssueWorker, as if they were on a machine of their own; null where none can be made.</summary>
    internal ProcessClock? Clock { get; private set; }

    /// <summary>Redis' own, likewise.</summary>
    internal ProcessClock? RedisClock { get; private set; }

    /// <summary>A connection to the whole system's Redis that may do what an administrator may; made before the crowd takes the cores.</summary>
    internal async Task<IServer> RedisAdminAsync()
    {
        await ReadyAsync();
        var connection = Own(await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { Redis.EndPoint }, AllowAdmin = true }));
        return connection.GetServer(Redis.EndPoint);
    }

    protected override async Task<ServicesProcess> StartAsync(string data)
    {
        RedisClock = await ProcessClock.CreateAsync($"{data}.redis-clock", "redis-server");
        _redis = Own(await RedisServer.StartAsync(RedisClock, "--appendonly", "yes", "--appendfsync", "everysec"));
        RedisNetwork = Own(NetworkProxy.Start(() => Redis.EndPoint.Port));
        KafkaNetwork = Own(NetworkProxy.Start(() => Kafka.Port));
        DatabaseNetwork = Own(NetworkProxy.Start(() => Database.Port));
        IssueServiceNetwork = Own(NetworkProxy.Start(() => Services.Address(SecondIssueService).Port));
        OtherNetworks = [.. s_others.Select(instance => Own(NetworkProxy.Start(() => Services.Address(instance).Port)))];
        _kafka = Own(await KafkaBroker.StartAsync(KafkaNetwork.Port));
        _database = Own(await StartDatabaseAsync(DatabaseDiskMegabytes));
        Clock = await ProcessClock.CreateAsync($"{data}.clock");
        return new ServicesProcess(
            data, RedisNetwork.Address, KafkaNetwork.Address, DatabaseNetwork.Port, "IssueService=2,IssueWorker=2", TimeSpan.FromSeconds(1), Log("faults"),
            options:
            [
                "--advertise", $"{SecondIssueService}=http://{IssueServiceNetwork.Address}",
                .. s_others.Zip(OtherNetworks).SelectMany(other => new[] { "--advertise", $"{other.First}=http://{other.Second.Address}" }),
                .. Variables(SecondIssueService), .. Variables(SecondIssueWorker),
            ]);
    }

    protected override IEnumerable<Func<Task>> Broken()
    {
        NetworkProxy[] networks = [RedisNetwork, KafkaNetwork, DatabaseNetwork, IssueServiceNetwork, .. OtherNetworks];
        foreach (var network in networks) { network.Restore(); }
        Clock?.SetOff(TimeSpan.Zero);
        RedisClock?.SetOff(TimeSpan.Zero);
        if (Redis.Process.HasExited) { yield return Redis.RestartAsync; }
        if (Kafka.Process.HasExited) { yield return Kafka.RestartAsync; }
        if (Database.Process.HasExited) { yield return Database.RestartAsync; }
    }

    private IEnumerable<string> Variables(string instance) =>
        Clock is null ? [] : Clock.Environment.SelectMany(variable => new[] { "--environment", $"{instance}:{variable.Key}={variable.Value}" });
}
