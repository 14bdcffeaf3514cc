using System.Globalization;
using System.Net;
using System.Text.Json;

namespace FirstCome.TestKit;

/// <summary>A whole system as a person starts it: a child process on free ports, with its data in a folder that outlives it.</summary>
public abstract class SystemProcess : IAsyncDisposable
{
    private const int Tries = 3;
    private static readonly TimeSpan s_stopMax = TimeSpan.FromSeconds(60);

    private readonly int _ports;
    private readonly TimeSpan _readyMax;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private ChildProcess? _process;

    /// <param name="data">The data folder; kept when this is disposed.</param>
    /// <param name="ports">How many neighbouring ports it takes.</param>
    protected SystemProcess(string data, int ports, TimeSpan readyMax) => (Data, _ports, _readyMax) = (data, ports, readyMax);

    /// <summary>The data folder.</summary>
    public string Data { get; }

    /// <summary>The gateway's port, chosen at the first start; another one after a start that found it taken.</summary>
    public int Port { get; private set; }

    public Uri Gateway => new($"http://127.0.0.1:{Port}/");

    /// <summary>The running process.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("The system was not started.");

    /// <summary>Starts the system on its data and waits until the gateway says that the whole works.</summary>
    public async Task StartAsync()
    {
        if (Port == 0) { Port = FreePorts.Block(_ports); }
        for (var attempt = 1; ; attempt++)
        {
            _process = LaunchOn("--port", Port.ToString(CultureInfo.InvariantCulture), "--data", Data);
            try { await Eventually.TrueAsync(async () => _process.HasExited || await IsReadyAsync(), _readyMax, "the system is ready"); }
            catch (TimeoutException exception) { throw new TimeoutException($"{exception.Message}\n{_process.Output}{_process.Error}", exception); }
            if (!_process.HasExited) { return; }
            // Somebody else may have taken a port since it was found free.
            if (attempt == Tries || !_process.Error.Contains("taken", StringComparison.Ordinal)) { throw new InvalidOperationException($"The system ended with {_process.ExitCode}:\n{_process.Output}{_process.Error}"); }
            await _process.DisposeAsync();
            Port = FreePorts.Block(_ports);
        }
    }

    /// <summary>Asks it to stop (SIGTERM) and answers its exit code.</summary>
    public Task<int> StopAsync()
    {
        Process.SendTerminate();
        return Process.WaitForExitAsync(s_stopMax);
    }

    /// <summary>What <c>addresses.json</c> tells.</summary>
    public IReadOnlyList<(string Service, Uri Url, int Pid)> Addresses() =>
        [.. Read("addresses.json").Select(entry => (entry.GetProperty("service").GetString()!, new Uri(entry.GetProperty("url").GetString()!), entry.GetProperty("pid").GetInt32()))];

    /// <summary>What <c>demo-accounts.json</c> tells.</summary>
    public IReadOnlyList<(string Role, string Email, string Password)> Accounts() =>
        [.. Read("demo-accounts.json").Select(entry => (entry.GetProperty("role").GetString()!, entry.GetProperty("email").GetString()!, entry.GetProperty("password").GetString()!))];

    public virtual async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is not null) { await _process.DisposeAsync(); }
        GC.SuppressFinalize(this);
    }

    /// <summary>Whether the gateway says that the whole works.</summary>
    public Task<bool> IsReadyAsync() => IsHealthyAsync(Gateway);

    /// <summary>Whether each instance says that it works.</summary>
    public async Task<bool> AllHealthyAsync()
    {
        foreach (var (_, url, _) in Addresses())
        {
            if (!await IsHealthyAsync(url)) { return false; }
        }
        return true;
    }

    private async Task<bool> IsHealthyAsync(Uri service)
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(service, "health"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException) { return false; }
    }

    /// <summary>Starts the program with these arguments and its own.</summary>
    protected abstract ChildProcess LaunchOn(params string[] arguments);

    /// <summary>A list that the system keeps in its data folder.</summary>
    protected JsonElement.ArrayEnumerator Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Data, name)));
        return document.RootElement.Clone().EnumerateArray();
    }

    /// <summary>A program of this repository: artifacts/bin/&lt;test project&gt;/release → artifacts/bin/&lt;project&gt;/release.</summary>
    protected static string Assembly(string project)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var assembly = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", project, configuration, $"FirstCome.{project}.dll"));
        return File.Exists(assembly) ? assembly : throw new InvalidOperationException($"{assembly} is missing: build src/tools/{project} first.");
    }
}
