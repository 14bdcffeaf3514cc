using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FirstCome.Engines.Redis;
using StackExchange.Redis;

namespace FirstCome.TestKit;

/// <summary>A real Redis server of this test's own, in a folder of its own.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private const string Image = "redis";
    private const int InnerPort = 6379;
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(10);

    private readonly TemporaryFolder _folder = new();
    private readonly bool _isContainer;

    private RedisServer(string? program, string[] options, IReadOnlyDictionary<string, string>? environment = null)
    {
        EndPoint = new IPEndPoint(IPAddress.Loopback, FreePorts.Block(2));
        _isContainer = program is null;
        // A replica is given its copy at once, and not after five seconds in which others might ask for one, too.
        string[] common = ["--save", "", "--maxmemory-policy", "noeviction", "--repl-diskless-sync-delay", "0"];
        Process = program is null
            ? new EngineContainer(Image, EndPoint.Port, InnerPort, new Dictionary<string, string>(), ["redis-server", .. common, .. options.Select(AmongContainers)])
            : new EngineProgram(() => ChildProcess.Start(program,
            [
                "--port", EndPoint.Port.ToString(CultureInfo.InvariantCulture), "--bind", "127.0.0.1", "--dir", _folder.FullName, "--cluster-port", ClusterPort.ToString(CultureInfo.InvariantCulture),
                .. common, .. options,
            ], environment));
    }

    /// <summary>Starts <c>redis-server</c>, or a container where it is not installed, with what the gate asks for (<c>noeviction</c>); skips the test where there is neither.</summary>
    public static Task<RedisServer> StartAsync(params string[] options) => StartedAsync(new RedisServer(Program(), options));

    /// <summary>Starts one whose clock the test sets, where it is a program of this machine.</summary>
    public static Task<RedisServer> StartAsync(ProcessClock? clock, params string[] options) => StartedAsync(new RedisServer(Program(), options, clock?.Environment));

    /// <summary>Starts one that may become a node of a Redis Cluster and speaks with its neighbours at <see cref="ClusterPort"/>.</summary>
    public static async Task<RedisServer> StartNodeAsync()
    {
        if (Program() is null) { Needed.NotInContainer("the nodes of a Redis Cluster tell clients and each other the same address"); }
        return await StartedAsync(new RedisServer(Program(), ["--cluster-enabled", "yes", "--cluster-node-timeout", "3000"]));
    }

    // What did not come up stays behind in no case.
    private static async Task<RedisServer> StartedAsync(RedisServer server)
    {
        try { await server.RestartAsync(); }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
        return server;
    }

    public IPEndPoint EndPoint { get; }

    /// <summary>Beside the port itself: ten thousand above it, as by default, lie the ports that the system gives to outgoing connections.</summary>
    public int ClusterPort => EndPoint.Port + 1;

    /// <summary>What runs it, to be killed or frozen.</summary>
    public IEngineProcess Process { get; }

    /// <summary>A connection with the product's own settings.</summary>
    public async Task<IConnectionMultiplexer> ConnectAsync() => await ConnectionMultiplexer.ConnectAsync(RedisConnection.Options(EndPoint));

    /// <summary>Kills what runs and starts it again on the same port and folder.</summary>
    public async Task RestartAsync()
    {
        await Process.StartAsync();
        await Eventually.TrueAsync(
            async () => Process.HasExited ? throw new InvalidOperationException($"redis-server ended: {await Process.OutputAsync()}") : await AnswersAsync(), s_readyMax, "redis-server is ready");
    }

    private static string? Program() => Needed.ProgramOrContainer("redis-server", "apt-get install redis-server, or ./test --install");

    // A master that a test names as it reaches it itself is known to other containers by its name.
    private static string AmongContainers(string option) => option.Split(' ') is ["127.0.0.1", var port]
        ? string.Create(CultureInfo.InvariantCulture, $"{EngineContainer.HostName(Image, int.Parse(port, CultureInfo.InvariantCulture))} {InnerPort}")
        : option;

    // That a connection is taken says nothing: a container engine takes it before the server listens.
    private async Task<bool> AnswersAsync()
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        try
        {
            using var client = new TcpClient();
            await client.ConnectAsync(EndPoint, limit.Token);
            await using var stream = client.GetStream();
            await stream.WriteAsync("PING\r\n"u8.ToArray(), limit.Token);
            var answer = new byte[7];
            await stream.ReadExactlyAsync(answer, limit.Token);
            return Encoding.ASCII.GetString(answer) is "+PONG\r\n" or "-NOAUTH";
        }
        catch (Exception exception) when (exception is SocketException or IOException or OperationCanceledException) { return false; }
    }

    /// <summary>The server's folder: its append-only file stands there.</summary>
    public string Folder
    {
        get
        {
            if (_isContainer) { Needed.NotInContainer("the test touches the files of redis-server"); }
            return _folder.FullName;
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Process.DisposeAsync();
        _folder.Dispose();
    }
}
