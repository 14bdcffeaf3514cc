namespace FirstCome.CouponService.Coupons;

/// <summary>Work that is looked for again and again, a bounded part at a time.</summary>
internal interface ISweep
{
    /// <summary>The pause between two turns.</summary>
    TimeSpan Interval { get; }

    /// <summary>Does one part in one transaction. True where more is waiting.</summary>
    Task<bool> RunAsync(CancellationToken cancellationToken);
}

/// <summary>Runs a sweep at its interval for as long as the service lives; a failure costs one turn.</summary>
internal sealed class Sweeping<T>(T sweep, TimeProvider time, ILogger<T> logger) : BackgroundService where T : class, ISweep
{
    // A turn ends even while more comes in: then the others of the process get theirs.
    private const int PartsMax = 100;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(sweep.Interval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                for (var part = 0; part < PartsMax && !stoppingToken.IsCancellationRequested && await sweep.RunAsync(stoppingToken); part++) { }
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception exception) { CouponsLog.SweepFailed(logger, exception, typeof(T).Name); }
        }
    }
}
