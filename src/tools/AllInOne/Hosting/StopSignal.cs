using System.Runtime.InteropServices;

namespace FirstCome.AllInOne.Hosting;

/// <summary>Ctrl-C, SIGTERM and a closed terminal ask the system to stop; asked a second time the process ends at once, as it would by itself.</summary>
internal sealed class StopSignal : IDisposable
{
    private readonly CancellationTokenSource _asked = new();
    private readonly PosixSignalRegistration[] _registrations;

    public StopSignal() => _registrations = [.. new[] { PosixSignal.SIGINT, PosixSignal.SIGTERM, PosixSignal.SIGHUP }.Select(signal => PosixSignalRegistration.Create(signal, Handle))];

    /// <summary>Cancelled when the system is asked to stop.</summary>
    public CancellationToken Asked => _asked.Token;

    /// <summary>What must still be done when the stop is asked for a second time and the process ends at once.</summary>
    public Action AskedAgain { get; set; } = () => { };

    public Task WaitAsync() => Task.Delay(Timeout.InfiniteTimeSpan, Asked).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    public void Dispose()
    {
        foreach (var registration in _registrations) { registration.Dispose(); }
        _asked.Dispose();
    }

    private void Handle(PosixSignalContext context)
    {
        if (_asked.IsCancellationRequested)
        {
            AskedAgain();
            return;
        }
        context.Cancel = true;
        _asked.Cancel();
    }
}
