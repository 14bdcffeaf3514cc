using System.Globalization;
using System.Net;
using System.Text.Json;

namespace FirstCome.TestKit;

/// <summary>The whole system as a person starts it: a child process, on free ports, with its data in a folder that outlives it.</summary>
public sealed class AllInOneProcess : IAsyncDisposable
{
    /// <summary>How many ports one system takes.</summary>
    public const int Ports = 9;

    private const int Tries = 3;
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan s_stopMax = TimeSpan.FromSeconds(15);

    private readonly string _data;
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false }) { Timeout = TimeSpan.FromSeconds(5) };
    private ChildProcess? _process;

    /// <param name="data">The data folder; kept when this is disposed.</param>
    public AllInOneProcess(string data) => _data = data;

    /// <summary>The gateway's port, chosen at the first start; another one after a start that found it taken.</summary>
    public int Port { get; private set; }

    public Uri Gateway => new($"http://127.0.0.1:{Port}/");

    /// <summary>The running process.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("The system was not started.");

    /// <summary>Starts the program with these arguments and nothing else, and does not wait for it.</summary>
    public static ChildProcess Launch(params string[] arguments) => ChildProcess.Start("dotnet", [Assembly(), .. arguments]);

    /// <summary>Starts the system on its data and waits until the gateway says that the whole works.</summary>
    public async Task StartAsync()
    {
        if (Port == 0) { Port = FreePorts.Block(Ports); }
        for (var attempt = 1; ; attempt++)
        {
            _process = Launch("--port", Port.ToString(CultureInfo.InvariantCulture), "--data", _data);
            await Eventually.TrueAsync(async () => _process.HasExited || await IsReadyAsync(), s_readyMax, $"the system is ready\n{_process.Output}{_process.Error}");
            if (!_process.HasExited) { return; }
            // Somebody else may have taken a port since it was found free.
            if (attempt == Tries || !_process.Error.Contains("taken", StringComparison.Ordinal)) { throw new InvalidOperationException($"The system ended with {_process.ExitCode}:\n{_process.Output}{_process.Error}"); }
            await _process.DisposeAsync();
            Port = FreePorts.Block(Ports);
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

    public async ValueTask DisposeAsync()
    {
        _http.Dispose();
        if (_process is not null) { await _process.DisposeAsync(); }
    }

    private async Task<bool> IsReadyAsync()
    {
        try
        {
            using var answer = await _http.GetAsync(new Uri(Gateway, "health"));
            return answer.StatusCode == HttpStatusCode.OK;
        }
        catch (Exception exception) when (exception is HttpRequestException or TaskCanceledException) { return false; }
    }

    private JsonElement.ArrayEnumerator Read(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(_data, name)));
        return document.RootElement.Clone().EnumerateArray();
    }

    // artifacts/bin/<test project>/release → artifacts/bin/AllInOne/release
    private static string Assembly()
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var assembly = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", "AllInOne", configuration, "FirstCome.AllInOne.dll"));
        return File.Exists(assembly) ? assembly : throw new InvalidOperationException($"{assembly} is missing: build src/tools/AllInOne first.");
    }
}
