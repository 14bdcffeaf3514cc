using FirstCome.TestKit;
using StackExchange.Redis;

namespace FirstCome.FaultsTests;

/// <summary>The system on three brokers (replication 3, <c>min.insync.replicas</c> 2), and on a Redis with a replica that nobody waits for: so it may be promoted behind its master.</summary>
public sealed class ReplicatedSystem : FaultedSystem
{
    private IReadOnlyList<KafkaBroker>? _brokers;
    private RedisServer? _master, _replica;

    internal IReadOnlyList<KafkaBroker> Brokers => _brokers ?? throw NotStarted();

    internal RedisServer Master => _master ?? throw NotStarted();

    internal RedisServer Replica => _replica ?? throw NotStarted();

    internal async Task<IServer> ReplicaAdminAsync()
    {
        var connection = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { Replica.EndPoint }, AllowAdmin = true });
        return connection.GetServer(Replica.EndPoint);
    }

    protected override async Task<ServicesProcess> StartAsync(string data)
    {
        Needed.Full("three brokers and two Redis servers besides");
        _brokers = await KafkaBroker.StartClusterAsync(3);
        foreach (var broker in _brokers) { Own(broker); }
        _master = Own(await RedisServer.StartAsync());
        _replica = Own(await RedisServer.StartAsync("--replicaof", $"127.0.0.1 {_master.EndPoint.Port}"));
        var database = Own(await StartDatabaseAsync());
        return new ServicesProcess(
            data, $"{_master.EndPoint},{_replica.EndPoint}", string.Join(',', _brokers.Select(broker => broker.Address)), database.Port, "IssueService=2,IssueWorker=2", TimeSpan.FromSeconds(1), Log("faults-replicated"),
            new Dictionary<string, string> { ["Kafka__ReplicationFactor"] = "3", ["Kafka__MinInsyncReplicas"] = "2" });
    }

    // A master that is gone stays so: its replica has its place.
    protected override IEnumerable<Func<Task>> Broken() => Brokers.Where(broker => broker.Process.HasExited).Select(broker => (Func<Task>)broker.RestartAsync);
}
