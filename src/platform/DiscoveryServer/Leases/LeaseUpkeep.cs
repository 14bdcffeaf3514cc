using Microsoft.Extensions.Options;

namespace FirstCome.DiscoveryServer.Leases;

/// <summary>Evicts and purges at their intervals, for as long as the server runs.</summary>
internal sealed class LeaseUpkeep(
    LeaseRegistry registry, IOptions<DiscoveryOptions> options, TimeProvider time, DiscoveryMetrics metrics, ILogger<LeaseUpkeep> logger) : BackgroundService
{
    private bool _preserving;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) =>
        Task.WhenAll(EvictAsync(stoppingToken), PurgeAsync(stoppingToken));

    private async Task EvictAsync(CancellationToken stopping)
    {
        var interval = options.Value.EvictionInterval;
        using var timer = new PeriodicTimer(interval, time);
        var passedAt = time.GetTimestamp();
        while (await TickAsync(timer, stopping))
        {
            var lateness = time.GetElapsedTime(passedAt) - interval;
            passedAt = time.GetTimestamp();
            Evict(lateness > TimeSpan.Zero ? lateness : TimeSpan.Zero);
        }
    }

    private void Evict(TimeSpan lateness)
    {
        var outcome = registry.Evict(time.GetUtcNow().ToUnixTimeMilliseconds(), lateness, Random.Shared);
        metrics.Evicted(outcome.Evicted);
        if (outcome.Evicted > 0) DiscoveryLog.Evicted(logger, outcome.Evicted, outcome.Expired);
        var preserving = outcome is { Expired: > 0, Preservation.IsPreserving: true };
        if (preserving && !_preserving)
        {
            var preservation = outcome.Preservation;
            DiscoveryLog.Preserving(logger, outcome.Expired, preservation.ReceivedLastMinute, preservation.ExpectedPerMinute);
        }

        if (_preserving && !preserving) DiscoveryLog.PreservingEnded(logger);
        _preserving = preserving;
    }

    private async Task PurgeAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(options.Value.ChangePurgeInterval, time);
        while (await TickAsync(timer, stopping)) registry.PurgeChanges(time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    private static async Task<bool> TickAsync(PeriodicTimer timer, CancellationToken stopping)
    {
        var tick = timer.WaitForNextTickAsync(stopping).AsTask();
        await ((Task)tick).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return tick.IsCompletedSuccessfully && await tick;
    }
}
