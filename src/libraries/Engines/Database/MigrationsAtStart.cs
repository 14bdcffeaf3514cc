using System.Reflection;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Database;

/// <summary>
/// Migrates before any other hosted service starts. Where the database is away the service starts all the same, withholds it (callers get 503, <c>/health</c> fails) and tries again until it is there.
/// </summary>
internal sealed class MigrationsAtStart(Database database, Assembly assembly, TimeProvider time, ILogger<MigrationsAtStart> logger) : IHostedLifecycleService, IHealthSignal, IDisposable
{
    private static readonly TimeSpan s_pauseMin = TimeSpan.FromMilliseconds(250), s_pauseMax = TimeSpan.FromSeconds(15);

    private readonly CancellationTokenSource _stopping = new();
    private Task _later = Task.CompletedTask;
    private volatile string? _failure;
    private bool _disposed;

    public string Name => "database";

    public HealthState Current => _failure is { } failure ? new HealthState(Severity.Failed, failure) : HealthState.Ok;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        try { await database.MigrateAsync(assembly, cancellationToken); }
        catch (DatabaseUnavailableException exception)
        {
            Withhold(1, Pause(1), exception);
            _later = RepeatAsync(_stopping.Token);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        if (!_disposed) { await _stopping.CancelAsync(); }
        await _later.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    // Each of its registrations disposes it.
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, true)) { return; }
        _stopping.Cancel();
        _stopping.Dispose();
    }

    private async Task RepeatAsync(CancellationToken stopping)
    {
        var pause = Pause(1);
        for (var attempt = 2; ; attempt++)
        {
            await Task.Delay(pause, time, stopping);
            try
            {
                await database.MigrateAsync(assembly, stopping);
                _failure = null;
                database.Withhold(null);
                DatabaseLog.MigratedAtLast(logger, database.Name, attempt);
                return;
            }
            // A script that fails is told like a server that is away: nothing but the next attempt, or the next version, can set it right.
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                pause = Pause(attempt);
                Withhold(attempt, pause, exception);
            }
        }
    }

    private void Withhold(int attempt, TimeSpan pause, Exception exception)
    {
        DatabaseLog.MigrationFailed(logger, database.Name, attempt, pause, exception);
        _failure = exception is DatabaseUnavailableException ? "The database is away; its schema could not be brought up to date yet." : "The schema could not be brought up to date; see the log.";
        database.Withhold($"The database {database.Name} is not ready: {_failure}");
    }

    private static TimeSpan Pause(int attempt) =>
        TimeSpan.FromTicks(Math.Min(s_pauseMax.Ticks, s_pauseMin.Ticks << Math.Min(attempt, 10))) * (0.5 + (Random.Shared.NextDouble() / 2));
}
