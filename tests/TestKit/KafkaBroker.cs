using System.Globalization;
using Confluent.Kafka;

namespace FirstCome.TestKit;

/// <summary>A real Kafka broker of this test's own (KRaft; broker and controller in one process), or one of several that form a cluster, in a folder of its own.</summary>
public sealed class KafkaBroker : IAsyncDisposable
{
    private const int StartsMax = 3, LogLines = 40;
    private const string Image = "apache/kafka";
    // By default 128 MiB, half of the heap that a test's broker is given: it was seen to end for want of it.
    private const string SmallCleaner = "log.cleaner.dedupe.buffer.size=4194304";
    // A broker that was killed is found dead within seconds, so that a test need not wait for it.
    private static readonly string[] s_foundDeadSoon = ["broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500"];
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(60), s_togetherMax = TimeSpan.FromSeconds(120);

    private readonly TemporaryFolder _folder = new();
    private readonly int _advertised;
    private TimeSpan _answersMax = s_readyMax;

    private KafkaBroker(string? program, int port, IReadOnlyList<string> properties, int? advertised = null)
    {
        Port = port;
        _advertised = advertised ?? port;
        Process = program is null
            ? InContainer(port, _advertised, properties)
            : new EngineProgram(() => ChildProcess.Start(
                program, [_folder.FullName, port.ToString(CultureInfo.InvariantCulture), $"advertised.listeners=PLAINTEXT://{Address}", SmallCleaner, .. properties],
                new Dictionary<string, string> { ["KAFKA_HEAP"] = "256m" }));
    }

    /// <summary>Starts a broker, or skips the test where there is neither its start script (<c>FIRSTCOME_KAFKA</c> names it) nor a container engine.</summary>
    /// <param name="advertised">The port at which clients shall find it, where something stands before it.</param>
    /// <param name="foundDeadSoon">Not after the 9 s that Kafka takes by default before one that was killed may take part again.</param>
    public static async Task<KafkaBroker> StartAsync(int? advertised = null, bool foundDeadSoon = false)
    {
        var program = Program();
        return (await StartedAsync(() => [new KafkaBroker(program, FreePorts.Block(2), foundDeadSoon ? s_foundDeadSoon : [], advertised)]))[0];
    }

    /// <summary>Starts brokers that form one cluster and keep every internal topic on all of them.</summary>
    public static async Task<IReadOnlyList<KafkaBroker>> StartClusterAsync(int count)
    {
        var program = Program();
        return await StartedAsync(() =>
        {
            var ports = Enumerable.Range(0, count).Select(_ => FreePorts.Block(2)).ToArray();
            var voters = string.Join(",", ports.Select((port, index) => string.Create(CultureInfo.InvariantCulture, $"{index + 1}@{Controller(program, port)}")));
            return [.. ports.Select((port, index) => new KafkaBroker(program, port,
            [
                $"node.id={index + 1}", $"controller.quorum.voters={voters}", $"offsets.topic.replication.factor={count}", $"transaction.state.log.replication.factor={count}",
                "replica.lag.time.max.ms=3000", .. s_foundDeadSoon,
            ])
            {
                // It answers when a majority has agreed on a controller and that has taken it in: on two cores beside everything else that was seen to take up to a minute.
                _answersMax = s_togetherMax,
            })];
        });
    }

    // A JVM needs seconds from the choice of its port to its use, and on a loaded machine it may end before it ever answered: then all of them start anew, on other ports.
    private static async Task<IReadOnlyList<KafkaBroker>> StartedAsync(Func<IReadOnlyList<KafkaBroker>> prepare)
    {
        for (var attempt = 1; ; attempt++)
        {
            var brokers = prepare();
            try
            {
                await Task.WhenAll(brokers.Select(broker => broker.RestartAsync()));
                return brokers;
            }
            catch (BrokerEndedException exception) when (attempt < StartsMax)
            {
                await Console.Error.WriteLineAsync($"{exception.Message}\nStarted again on other ports.");
                foreach (var broker in brokers) { await broker.DisposeAsync(); }
            }
            catch
            {
                foreach (var broker in brokers) { await broker.DisposeAsync(); }
                throw;
            }
        }
    }

    /// <summary>Where clients find it.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_advertised}");

    /// <summary>Where it listens itself.</summary>
    public int Port { get; }

    /// <summary>What runs it, to be killed or frozen.</summary>
    public IEngineProcess Process { get; }

    /// <summary>Kills what runs and starts it again on the same port and folder; returns when it answers.</summary>
    public async Task RestartAsync()
    {
        await Process.StartAsync();
        var server = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{Port}");
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = server, ReconnectBackoffMaxMs = 200 }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        await Eventually.TrueAsync(() => AnswersAsync(admin), _answersMax, $"Kafka answers at {server}");
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _folder.Dispose();
    }

    private static string? Program() => Needed.ScriptOrContainer("FIRSTCOME_KAFKA", "kafka/broker", "Apache Kafka");

    private static string Controller(string? program, int port) =>
        program is null ? $"{EngineContainer.HostName(Image, port)}:9093" : string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port + 1}");

    // The properties of the script, and a listener more: clients come by the loopback, other brokers by the container's name.
    private static EngineContainer InContainer(int port, int advertised, IReadOnlyList<string> properties)
    {
        string[] all =
        [
            "process.roles=broker,controller", "node.id=1", $"controller.quorum.voters=1@{Controller(null, port)}", "listeners=PLAINTEXT://:9092,CONTROLLER://:9093,INTERNAL://:9094",
            string.Create(CultureInfo.InvariantCulture, $"advertised.listeners=PLAINTEXT://127.0.0.1:{advertised},INTERNAL://{EngineContainer.HostName(Image, port)}:9094"),
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,INTERNAL:PLAINTEXT", "controller.listener.names=CONTROLLER", "inter.broker.listener.name=INTERNAL",
            "log.dirs=/var/lib/kafka/data", "num.partitions=4", "offsets.topic.num.partitions=4", "offsets.topic.replication.factor=1", "transaction.state.log.num.partitions=4",
            "transaction.state.log.replication.factor=1", "transaction.state.log.min.isr=1", "share.coordinator.state.topic.replication.factor=1", "share.coordinator.state.topic.min.isr=1",
            "group.initial.rebalance.delay.ms=0", "auto.create.topics.enable=false", "log.segment.bytes=67108864", SmallCleaner, .. properties,
        ];
        var environment = new Dictionary<string, string> { ["CLUSTER_ID"] = "Rmlyc3RDb21lLUthZmthMQ", ["KAFKA_HEAP_OPTS"] = "-Xms128m -Xmx256m" };
        // As the image's documentation says: KAFKA_ and the name in capitals, with _ for each point. A later one replaces an earlier.
        foreach (var property in all.Select(each => each.Split('=', 2))) { environment[$"KAFKA_{property[0].ToUpperInvariant().Replace('.', '_')}"] = property[1]; }
        return new EngineContainer(Image, port, 9092, environment, []);
    }

    private async Task<bool> AnswersAsync(IAdminClient admin)
    {
        if (Process.HasExited) { throw new BrokerEndedException($"Kafka ended: {await Process.OutputAsync()}{LastOfLog()}"); }
        try { return admin.GetMetadata(TimeSpan.FromMilliseconds(500)).Brokers.Any(broker => broker.Port == _advertised); }
        catch (KafkaException) { return false; }
    }

    // Where a script runs it, the broker tells nothing on its outputs.
    private string LastOfLog()
    {
        var log = _folder.File("kafka.log");
        return File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(LogLines)) : "";
    }

    private sealed class BrokerEndedException(string message) : InvalidOperationException(message);
}
