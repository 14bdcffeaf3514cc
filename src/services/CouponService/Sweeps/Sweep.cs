using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Sweeps;

/// <summary>
/// Does what was left undone, in bounded batches: at once again while there is more, else after the interval. A pass that fails is told in the log and in <c>/health</c> and tried again,
/// after twice the time with each failure in a row, up to a minute.
/// </summary>
internal abstract class Sweep(string name, TimeSpan interval, TimeProvider time, ILogger logger) : BackgroundService, IHealthSignal
{
    private static readonly TimeSpan s_delayMax = TimeSpan.FromMinutes(1);
    private volatile string? _failure;

    public string Name => name;

    public virtual HealthState Current => _failure is { } failure ? new(Severity.Degraded, $"the last pass failed ({failure}); it is tried again") : HealthState.Ok;

    /// <summary>One bounded batch.</summary>
    /// <returns>Whether there may be more.</returns>
    protected abstract Task<bool> PassAsync(CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var failures = 0;
        while (!stoppingToken.IsCancellationRequested)
        {
            var hasMore = false;
            try
            {
                hasMore = await PassAsync(stoppingToken);
                failures = 0;
                _failure = null;
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                failures++;
                _failure = exception.GetType().Name;
                SweepLog.PassFailed(logger, exception, name, failures);
            }
            if (!hasMore) { await Task.Delay(Delay(failures), time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); }
        }
    }

    private TimeSpan Delay(int failures)
    {
        var delay = interval * Math.Pow(2, Math.Min(failures, 20));
        return failures > 0 && delay > s_delayMax ? (interval > s_delayMax ? interval : s_delayMax) : delay;
    }
}
