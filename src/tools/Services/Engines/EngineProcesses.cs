using System.Globalization;
using System.Net;
using System.Net.Sockets;
using FirstCome.AllInOne.Data;
using FirstCome.AllInOne.Start;
using FirstCome.Services.Processes;
using FirstCome.Services.Start;

namespace FirstCome.Services.Engines;

/// <summary>Starts the engines that the command line does not name, on ports of their own, with their data in the data folder.</summary>
internal static class EngineProcesses
{
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(60), s_lookEvery = TimeSpan.FromMilliseconds(100);
    private static readonly Dictionary<string, string> s_nothing = [];

    /// <exception cref="StartRefusedException">An engine is not to be had, or does not start.</exception>
    public static async Task<EngineSettings> StartAsync(ServicesOptions options, DataFolder data, SystemProcesses system, CancellationToken cancellationToken)
    {
        // Looked for before any is started, and all that is missing told at once.
        var missing = new List<string>();
        var redis = options.Redis is null ? Find("redis-server", missing, "redis-server (apt-get install redis-server), or --redis") : null;
        var kafka = options.Kafka is null ? FindScript("FIRSTCOME_KAFKA", "kafka/broker", missing, "Kafka's start script in FIRSTCOME_KAFKA, or --kafka") : null;
        var database = options.MySql is null ? DatabaseProgram.Find(missing) : null;
        if (missing.Count > 0) { throw new StartRefusedException($"An engine is missing; needed is {string.Join("; ", missing)}."); }

        var starting = new List<Task>();
        var redisAddress = options.Redis ?? Started(starting, Redis(redis!, data), system, cancellationToken);
        var kafkaAddress = options.Kafka ?? Started(starting, Kafka(kafka!, data), system, cancellationToken);
        var databaseAddress = options.MySql ?? Started(starting, await database!.PlanAsync(data, FreePort(), cancellationToken), system, cancellationToken);
        await Task.WhenAll(starting);

        var (host, port) = Split(databaseAddress);
        var schemas = await Schemas.EnsureAsync(host, port, options.MySqlAdmin ?? "root:", data, cancellationToken);
        return new EngineSettings(redisAddress, kafkaAddress, host, port.ToString(CultureInfo.InvariantCulture), schemas);
    }

    /// <summary>A program on the PATH.</summary>
    internal static string? OnPath(string name) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator).Append("/usr/sbin").Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);

    /// <summary>A start script that a variable names, or that stands beside the project.</summary>
    internal static string? Script(string variable, string beside)
    {
        if (Environment.GetEnvironmentVariable(variable) is { Length: > 0 } named) { return File.Exists(named) ? named : null; }
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (root is not null && !File.Exists(Path.Combine(root.FullName, "FirstCome.slnx"))) { root = root.Parent; }
        var path = root is null ? "" : Path.GetFullPath(Path.Combine(root.FullName, "..", "shared", beside));
        return File.Exists(path) ? path : null;
    }

    /// <summary>A port that nobody uses at the moment, with its neighbour.</summary>
    /// <exception cref="StartRefusedException">There is none.</exception>
    internal static int FreePort()
    {
        // Below the range from which the system gives out ports by itself.
        for (var port = Random.Shared.Next(20_000, 31_000); port < 32_000; port++)
        {
            if (IsFree(port) && IsFree(port + 1)) { return port; }
        }
        throw new StartRefusedException("No free port for an engine was found; name a running one, see ./run services --help.");
    }

    private static string? Find(string program, List<string> missing, string what)
    {
        var found = OnPath(program);
        if (found is null) { missing.Add(what); }
        return found;
    }

    private static string? FindScript(string variable, string beside, List<string> missing, string what)
    {
        var found = Script(variable, beside);
        if (found is null) { missing.Add(what); }
        return found;
    }

    private static (ProcessPlan Plan, int Port) Redis(string program, DataFolder data)
    {
        var port = FreePort();
        return (new ProcessPlan("redis", program,
        [
            "--port", Text(port), "--bind", "127.0.0.1", "--dir", data.Folder("redis-server"), "--appendonly", "yes", "--appendfsync", "everysec", "--save", "", "--maxmemory-policy", "noeviction",
        ], s_nothing), port);
    }

    private static (ProcessPlan Plan, int Port) Kafka(string script, DataFolder data)
    {
        var port = FreePort();
        return (new ProcessPlan("kafka", script, [data.Folder("kafka"), Text(port)], s_nothing), port);
    }

    private static string Started(List<Task> starting, (ProcessPlan Plan, int Port) engine, SystemProcesses system, CancellationToken cancellationToken)
    {
        var process = system.StartEngine(engine.Plan);
        starting.Add(ListensAsync(process, engine.Port, cancellationToken));
        return $"127.0.0.1:{Text(engine.Port)}";
    }

    // Whoever accepts connections may still be loading; the services themselves wait for the rest.
    private static async Task ListensAsync(RunningProcess process, int port, CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (IsFree(port))
        {
            if (process.HasExited) { throw new StartRefusedException($"{process.Name} ended at its start; its own lines stand above."); }
            if (TimeProvider.System.GetElapsedTime(started) > s_readyMax) { throw new StartRefusedException($"{process.Name} did not listen within {s_readyMax.TotalSeconds:0} s."); }
            await Task.Delay(s_lookEvery, cancellationToken);
        }
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException) { return false; }
    }

    private static (string Host, int Port) Split(string address)
    {
        var colon = address.LastIndexOf(':');
        return (address[..colon], int.Parse(address.AsSpan(colon + 1), CultureInfo.InvariantCulture));
    }

    private static string Text(int port) => port.ToString(CultureInfo.InvariantCulture);
}
