using System.Diagnostics;
using System.Text;

namespace FirstCome.TestKit;

/// <summary>A process that a test has started; killed at the latest when it is disposed.</summary>
public sealed class ChildProcess : IAsyncDisposable
{
    private const int OutputCharactersMax = 1_000_000;
    private static readonly TimeSpan s_killedMax = TimeSpan.FromSeconds(10);

    private readonly Process _process;
    private readonly StringBuilder _output = new(), _error = new();
    private readonly Lock _logging = new();
    private StreamWriter? _log;

    private ChildProcess(Process process, string? log)
    {
        _process = process;
        _log = log is null ? null : new StreamWriter(log, append: true) { AutoFlush = true };
        process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
    }

    /// <summary>Starts a program without a shell; of its output the last is kept, at least half a million characters, and all of it in the file <paramref name="log"/>.</summary>
    public static ChildProcess Start(string program, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null, string? log = null)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, WorkingDirectory = folder ?? "" };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) { start.Environment[name] = value; }
        var child = new ChildProcess(new Process { StartInfo = start }, log);
        child._process.Start();
        child._process.StandardInput.Close();
        child._process.BeginOutputReadLine();
        child._process.BeginErrorReadLine();
        return child;
    }

    public int Id => _process.Id;

    public bool HasExited => _process.HasExited;

    public int ExitCode => _process.ExitCode;

    /// <summary>What it has written to its standard output lately.</summary>
    public string Output { get { lock (_output) { return _output.ToString(); } } }

    /// <summary>What it has written to its standard error lately.</summary>
    public string Error { get { lock (_error) { return _error.ToString(); } } }

    /// <summary>Asks it to end, as Ctrl-C's sibling SIGTERM.</summary>
    public void SendTerminate() => Signal(Signals.Terminate);

    /// <summary>SIGKILL: it ends at once, in the middle of whatever it does.</summary>
    public Task KillAsync() { Signal(Signals.Kill); return WaitForExitAsync(s_killedMax); }

    /// <summary>SIGSTOP: it stands still until <see cref="Thaw"/>.</summary>
    public void Freeze() => Signal(Signals.Stop);

    /// <summary>SIGCONT.</summary>
    public void Thaw() => Signal(Signals.Continue);

    /// <summary>Its exit code.</summary>
    public async Task<int> WaitForExitAsync(TimeSpan limit)
    {
        using var deadline = new CancellationTokenSource(limit);
        try { await _process.WaitForExitAsync(deadline.Token); }
        catch (OperationCanceledException exception) when (deadline.IsCancellationRequested)
        {
            throw new TimeoutException($"Process {_process.Id} did not end within {limit}. Its output:\n{Output}\n{Error}", exception);
        }
        return _process.ExitCode;
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited) { await KillAsync(); }
        _process.Dispose();
        // A last line may still be on its way here.
        lock (_logging)
        {
            _log?.Dispose();
            _log = null;
        }
    }

    private void Signal(int signal)
    {
        if (!_process.HasExited) { Signals.Send(_process.Id, signal); }
    }

    private void Append(StringBuilder builder, string? line)
    {
        if (line is null) { return; }
        lock (builder)
        {
            if (builder.Length >= OutputCharactersMax) { builder.Remove(0, OutputCharactersMax / 2); }
            builder.Append(line).Append('\n');
        }
        lock (_logging) { _log?.WriteLine(line); }
    }
}
