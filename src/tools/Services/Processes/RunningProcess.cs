using System.Diagnostics;
using System.Runtime.InteropServices;
using FirstCome.AllInOne.Start;

namespace FirstCome.Services.Processes;

/// <summary>How a process is started; the environment holds what others on the machine must not read off its command line.</summary>
internal sealed record ProcessPlan(string Name, string Program, IReadOnlyList<string> Arguments, IReadOnlyDictionary<string, string> Environment);

/// <summary>One process of the system, from its start to its end; started again after an end that nobody asked for, where that is wished.</summary>
internal sealed partial class RunningProcess(ProcessPlan plan, TimeSpan? restart, ProcessLog log, Action changed) : IAsyncDisposable
{
    private const int Terminate = 15;

    private readonly CancellationTokenSource _stopping = new();
    // Guards the process: one that is given up is asked about by nobody.
    private readonly Lock _lock = new();
    private Process? _process;
    private Task _watching = Task.CompletedTask;
    private volatile bool _running;

    public string Name => plan.Name;

    /// <summary>The running process's, or the last one's.</summary>
    public int Pid { get; private set; }

    /// <summary>Whether it ended without being asked to, at any time.</summary>
    public bool WasLost { get; private set; }

    public bool HasExited => !_running;

    /// <exception cref="StartRefusedException">The program cannot be started.</exception>
    public void Start() => _watching = WatchAsync(Launch());

    /// <summary>Asks it to end, and ends it when it does not within the limit.</summary>
    public async Task StopAsync(TimeSpan limit)
    {
        await _stopping.CancelAsync();
        if (_running && !Signalled()) { log.Notice(Name, "could not be asked to stop"); }
        try { await _watching.WaitAsync(limit); }
        catch (TimeoutException)
        {
            log.Notice(Name, $"did not stop within {limit.TotalSeconds:0} s and is killed");
            Kill();
            await _watching;
        }
    }

    /// <summary>SIGKILL.</summary>
    public void Kill()
    {
        _stopping.Cancel();
        lock (_lock) { if (_running) { _process!.Kill(); } }
    }

    public async ValueTask DisposeAsync()
    {
        Kill();
        await _watching;
        _process?.Dispose();
        _stopping.Dispose();
    }

    private bool Signalled()
    {
        if (!OperatingSystem.IsWindows()) { return SendSignal(Pid, Terminate) == 0; }
        Kill();
        return true;
    }

    private Process Launch()
    {
        // In a session of its own: a Ctrl-C at the terminal is for this program, which stops the others in their order.
        var own = !OperatingSystem.IsWindows() && File.Exists("/usr/bin/setsid");
        var start = new ProcessStartInfo(own ? "/usr/bin/setsid" : plan.Program, own ? [plan.Program, .. plan.Arguments] : plan.Arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            RedirectStandardInput = true,
        };
        foreach (var (name, value) in plan.Environment) { start.Environment[name] = value; }
        var process = new Process { StartInfo = start };
        process.OutputDataReceived += (_, line) => { if (line.Data is { Length: > 0 } text) { log.Line(Name, text); } };
        process.ErrorDataReceived += (_, line) => { if (line.Data is { Length: > 0 } text) { log.Line(Name, text); } };
        try { process.Start(); }
        catch (System.ComponentModel.Win32Exception exception)
        {
            process.Dispose();
            throw new StartRefusedException($"{Name} cannot be started: {exception.Message}", exception);
        }
        process.StandardInput.Close();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        lock (_lock)
        {
            _process?.Dispose();
            (_process, Pid, _running) = (process, process.Id, true);
        }
        return process;
    }

    private async Task WatchAsync(Process process)
    {
        while (true)
        {
            await process.WaitForExitAsync(CancellationToken.None);
            _running = false;
            if (_stopping.IsCancellationRequested) { return; }
            WasLost = true;
            log.Notice(Name, $"ended by itself with code {process.ExitCode}{(restart is { } pause ? $"; it is started again in {pause.TotalSeconds:0.#} s" : "")}");
            changed();
            if (restart is null) { return; }
            await Task.Delay(restart.Value, _stopping.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_stopping.IsCancellationRequested) { return; }
            process = Launch();
            changed();
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static partial int SendSignal(int process, int signal);
}
