namespace FirstCome.TestKit;

/// <summary>An engine as a child process; a new one at each start.</summary>
internal sealed class EngineProgram(Func<ChildProcess> launch) : IEngineProcess
{
    private ChildProcess? _process;

    public bool HasExited => Running.HasExited;

    private ChildProcess Running => _process ?? throw new InvalidOperationException("The engine was not started.");

    public async Task StartAsync()
    {
        if (_process is not null) { await _process.DisposeAsync(); }
        _process = launch();
    }

    public Task StopAsync(TimeSpan limit)
    {
        Running.SendTerminate();
        return Running.WaitForExitAsync(limit);
    }

    public Task KillAsync() => Running.KillAsync();

    public void Freeze() => Running.Freeze();

    public void Thaw() => Running.Thaw();

    public Task<string> OutputAsync() => Task.FromResult(Running.Output + Running.Error);

    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;
}
