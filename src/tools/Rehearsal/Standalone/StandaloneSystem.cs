using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace FirstCome.Rehearsal.Standalone;

/// <summary>A whole system of the rehearsal's own: a child process on free ports, with its data in a temporary folder that goes with it.</summary>
internal sealed class StandaloneSystem : IAsyncDisposable
{
    private const int Ports = 9, Tries = 20;
    private static readonly TimeSpan s_startWithin = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_stopWithin = TimeSpan.FromSeconds(15);

    private readonly string _folder = Directory.CreateTempSubdirectory("firstcome-rehearsal-").FullName;
    private readonly int _port = FreePorts();
    private Process? _process;

    public Uri Url => new($"http://127.0.0.1:{_port}");

    public string Data => Path.Combine(_folder, "data");

    /// <summary>Environment variables that the system is started with, besides this process's own.</summary>
    public Dictionary<string, string> Settings { get; } = [];

    /// <summary>Starts the system, or starts it again after a kill, and waits until the whole of it is there.</summary>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        var assembly = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "AllInOne", "release", "FirstCome.AllInOne.dll"));
        if (!File.Exists(assembly)) { throw new RehearsalException($"The system is not built: {Path.GetFileName(assembly)} is missing. Start this with ./run rehearse."); }
        var start = new ProcessStartInfo("dotnet") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])[assembly, "--port", $"{_port}", "--data", Data]) { start.ArgumentList.Add(argument); }
        foreach (var (name, value) in Settings) { start.Environment[name] = value; }
        _process = Process.Start(start) ?? throw new RehearsalException("The system could not be started.");
        var log = Path.Combine(_folder, "system.log");
        _ = DrainAsync(_process.StandardOutput, log);
        _ = DrainAsync(_process.StandardError, log + ".err");
        using var http = new HttpClient { Timeout = TimeSpan.FromSeconds(2) };
        for (var started = Stopwatch.GetTimestamp(); ;)
        {
            if (_process.HasExited) { throw new RehearsalException($"The system ended with exit code {_process.ExitCode}; see {log}."); }
            try { if ((await http.GetAsync(new Uri(Url, "/health"), cancellationToken)).StatusCode == HttpStatusCode.OK) { return; } }
            catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException && !cancellationToken.IsCancellationRequested)
            {
                if (Stopwatch.GetElapsedTime(started) > s_startWithin) { throw new RehearsalException($"The system was not ready within {s_startWithin.TotalSeconds:0} s; see {log}.", exception); }
            }
            if (Stopwatch.GetElapsedTime(started) > s_startWithin) { throw new RehearsalException($"The system was not ready within {s_startWithin.TotalSeconds:0} s; see {log}."); }
            await Task.Delay(50, cancellationToken);
        }
    }

    /// <summary>SIGKILL: no handler runs, nothing is flushed.</summary>
    public async Task KillAsync(CancellationToken cancellationToken)
    {
        _process!.Kill();
        await _process.WaitForExitAsync(cancellationToken);
        _process.Dispose();
    }

    /// <summary>Resident memory of the running system, in bytes.</summary>
    public long ResidentBytes()
    {
        _process!.Refresh();
        return _process.WorkingSet64;
    }

    /// <summary>The demo account's e-mail and password of a role, from the data folder.</summary>
    public static (string Email, string Password)? DemoAccount(string data, string role)
    {
        var file = Path.Combine(data, "demo-accounts.json");
        if (!File.Exists(file)) { return null; }
        using var accounts = JsonDocument.Parse(File.ReadAllText(file));
        foreach (var account in accounts.RootElement.EnumerateArray())
        {
            if (account.GetProperty("role").GetString() == role) { return (account.GetProperty("email").GetString()!, account.GetProperty("password").GetString()!); }
        }
        return null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is { HasExited: false } running)
        {
            using var limit = new CancellationTokenSource(s_stopWithin);
            using var terminate = Process.Start("kill", ["-TERM", $"{running.Id}"]);
            try { await running.WaitForExitAsync(limit.Token); }
            catch (OperationCanceledException) { running.Kill(); }
        }
        _process?.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    // Whatever the system prints is kept, and its pipe never fills.
    private static async Task DrainAsync(StreamReader from, string file)
    {
        await using var to = new StreamWriter(file, append: true);
        while (await from.ReadLineAsync() is { } line) { await to.WriteLineAsync(line); await to.FlushAsync(); }
    }

    private static int FreePorts()
    {
        for (var attempt = 0; attempt < Tries; attempt++)
        {
            // Below the range from which the kernel takes ports for outgoing connections.
            var first = Random.Shared.Next(12_000, 32_000);
            if (Enumerable.Range(first, Ports).All(IsFree)) { return first; }
        }
        throw new RehearsalException($"No {Ports} free ports in a row were found.");
    }

    private static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException) { return false; }
    }
}

/// <summary>A rehearsal that cannot be held; the message is for the person who asked for it.</summary>
internal sealed class RehearsalException : Exception
{
    public RehearsalException() { }
    public RehearsalException(string message) : base(message) { }
    public RehearsalException(string message, Exception inner) : base(message, inner) { }
}
