using System.Globalization;
using Confluent.Kafka;

namespace FirstCome.TestKit;

/// <summary>A real Kafka broker of this test's own (KRaft; broker and controller in one process), or one of several that form a cluster, in a folder of its own.</summary>
public sealed class KafkaBroker : IAsyncDisposable
{
    private const int StartsMax = 3, LogLines = 40;
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(60);

    private readonly TemporaryFolder _folder = new();
    private readonly string _program;
    private readonly int _port, _advertised;
    private readonly IReadOnlyList<string> _properties;
    private ChildProcess? _process;

    private KafkaBroker(string program, int port, IReadOnlyList<string> properties, int? advertised = null)
    {
        _program = program;
        _port = port;
        _advertised = advertised ?? port;
        _properties = [$"advertised.listeners=PLAINTEXT://{Address}", .. properties];
    }

    /// <summary>Starts a broker, or skips the test where there is none (<c>FIRSTCOME_KAFKA</c> names its start script).</summary>
    /// <param name="advertised">The port at which clients shall find it, where something stands before it.</param>
    public static async Task<KafkaBroker> StartAsync(int? advertised = null)
    {
        var program = Program();
        return (await StartedAsync(() => [new KafkaBroker(program, FreePorts.Block(2), [], advertised)]))[0];
    }

    /// <summary>Starts brokers that form one cluster and keep every internal topic on all of them.</summary>
    public static async Task<IReadOnlyList<KafkaBroker>> StartClusterAsync(int count)
    {
        var program = Program();
        return await StartedAsync(() =>
        {
            var ports = Enumerable.Range(0, count).Select(_ => FreePorts.Block(2)).ToArray();
            var voters = string.Join(",", ports.Select((port, index) => string.Create(CultureInfo.InvariantCulture, $"{index + 1}@127.0.0.1:{port + 1}")));
            return [.. ports.Select((port, index) => new KafkaBroker(program, port,
            [
                $"node.id={index + 1}", $"controller.quorum.voters={voters}", $"offsets.topic.replication.factor={count}", $"transaction.state.log.replication.factor={count}",
                // A broker that was killed is found dead within seconds, so that a test need not wait for it.
                "broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500", "replica.lag.time.max.ms=3000",
            ]))];
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
        }
    }

    /// <summary>Where clients find it.</summary>
    public string Address => string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_advertised}");

    /// <summary>Where it listens itself.</summary>
    public int Port => _port;

    /// <summary>The running process, to be killed or frozen.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("The broker was not started.");

    /// <summary>Kills what runs and starts it again on the same port and folder; returns when it answers.</summary>
    public async Task RestartAsync()
    {
        if (_process is not null) { await _process.DisposeAsync(); }
        _process = ChildProcess.Start(_program, [_folder.FullName, _port.ToString(CultureInfo.InvariantCulture), .. _properties], new Dictionary<string, string> { ["KAFKA_HEAP"] = "256m" });
        using var admin = new AdminClientBuilder(new AdminClientConfig { BootstrapServers = string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{_port}"), ReconnectBackoffMaxMs = 200 }).SetLogHandler((_, _) => { }).SetErrorHandler((_, _) => { }).Build();
        await Eventually.TrueAsync(() => Answers(admin), s_readyMax, "Kafka answers");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) { await _process.DisposeAsync(); }
        _folder.Dispose();
    }

    private static string Program() => Needed.Script("FIRSTCOME_KAFKA", "kafka/broker", "Apache Kafka");

    private bool Answers(IAdminClient admin)
    {
        if (Process.HasExited) { throw new BrokerEndedException($"Kafka ended with code {Process.ExitCode}: {Process.Output}{Process.Error}{LastOfLog()}"); }
        try { return admin.GetMetadata(TimeSpan.FromMilliseconds(500)).Brokers.Any(broker => broker.Port == _advertised); }
        catch (KafkaException) { return false; }
    }

    // The broker tells nothing on its outputs.
    private string LastOfLog()
    {
        var log = _folder.File("kafka.log");
        return File.Exists(log) ? string.Join('\n', File.ReadLines(log).TakeLast(LogLines)) : "(no kafka.log)";
    }

    private sealed class BrokerEndedException(string message) : InvalidOperationException(message);
}
