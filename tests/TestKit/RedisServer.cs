using System.Globalization;
using System.Net;
using FirstCome.Engines.Redis;
using StackExchange.Redis;

namespace FirstCome.TestKit;

/// <summary>A real Redis server of this test's own, in a folder of its own.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder = new();
    private readonly string _program;
    private readonly string[] _options;
    private ChildProcess? _process;

    private RedisServer(string program, string[] options)
    {
        _program = program;
        _options = options;
        EndPoint = new IPEndPoint(IPAddress.Loopback, FreePorts.Block(2));
    }

    /// <summary>Starts <c>redis-server</c> with what the gate asks for (<c>noeviction</c>), or skips the test where it is not installed.</summary>
    public static async Task<RedisServer> StartAsync(params string[] options)
    {
        var server = new RedisServer(Program(), options);
        await server.RestartAsync();
        return server;
    }

    /// <summary>Starts one that may become a node of a Redis Cluster and speaks with its neighbours at <see cref="ClusterPort"/>.</summary>
    public static async Task<RedisServer> StartNodeAsync()
    {
        var server = new RedisServer(Program(), ["--cluster-enabled", "yes", "--cluster-node-timeout", "3000"]);
        await server.RestartAsync();
        return server;
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Beside the port itself: ten thousand above it, as by default, lie the ports that the system gives to outgoing connections.</summary>
    public int ClusterPort => EndPoint.Port + 1;

    /// <summary>The running process, to be killed or frozen.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>A connection with the product's own settings.</summary>
    public async Task<IConnectionMultiplexer> ConnectAsync() => await ConnectionMultiplexer.ConnectAsync(RedisConnection.Options(EndPoint));

    /// <summary>Kills what runs and starts it again on the same port and folder.</summary>
    public async Task RestartAsync()
    {
        if (_process is not null) { await _process.DisposeAsync(); }
        _process = ChildProcess.Start(_program,
        [
            "--port", EndPoint.Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _folder.FullName, "--save", "", "--maxmemory-policy", "noeviction",
            "--cluster-port", ClusterPort.ToString(CultureInfo.InvariantCulture), .. _options,
        ]);
        await Eventually.TrueAsync(
            () => _process.HasExited ? throw new InvalidOperationException($"redis-server ended: {_process.Output}{_process.Error}") : _process.Output.Contains("Ready to accept connections", StringComparison.Ordinal),
            s_readyMax, "redis-server is ready");
    }

    private static string Program() => Needed.Program("redis-server", "apt-get install redis-server, or ./test --install");

    /// <summary>The server's folder: its append-only file stands there.</summary>
    public string Folder => _folder.FullName;

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) { await _process.DisposeAsync(); }
        _folder.Dispose();
    }
}
