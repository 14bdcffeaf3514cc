using System.Diagnostics;
using FirstCome.Contracts.Messages;
using FirstCome.CouponService.Coupons;
using FirstCome.Engines.Log;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Issuance;

/// <summary>
/// Reads <c>coupon.issued</c> in the group <c>coupon-service</c>: a batch is committed to the database first, then its offsets to the log, so that
/// whatever dies in between is only read again.
/// After a failure, whatever it was, nothing is skipped: it goes back to the committed offsets and tries again, more slowly each time.
/// </summary>
internal sealed class IssuanceConsumer(
    IEventLog log, IssueCoupons issue, IssuanceMetrics metrics, IssuanceHealth health, IOptions<CouponOptions> options, TimeProvider time, ILogger<IssuanceConsumer> logger)
    : BackgroundService
{
    public const string Group = "coupon-service";
    private static readonly ActivitySource s_source = new("FirstCome.CouponService");
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_delayMin = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_delayMax = TimeSpan.FromSeconds(5);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Leaves the host's start: the first read may wait for the log.
        await Task.Yield();
        metrics.Begin();
        await using var reader = log.Subscribe(new LogSubscription(Topics.CouponIssued, Group, new LogStart.Committed()));
        var failures = 0;
        var ready = false;
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!ready) { await PrepareAsync(reader, stoppingToken); }
                ready = true;
                await ConsumeAsync(reader, stoppingToken);
                if (failures > 0) { IssuanceLog.IssuanceRecovered(logger, failures); }
                failures = 0;
                health.Works();
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested) { return; }
            catch (Exception exception)
            {
                ready = false;
                failures++;
                var delay = DelayAfter(failures);
                health.Fails(exception);
                IssuanceLog.IssuanceFailed(logger, exception, failures, delay, exception.Message);
                await Task.Delay(delay, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task PrepareAsync(ILogReader reader, CancellationToken cancellationToken)
    {
        await log.EnsureTopicsAsync([Topics.CouponIssued], cancellationToken);
        await reader.RewindAsync(cancellationToken);
    }

    private async Task ConsumeAsync(ILogReader reader, CancellationToken cancellationToken)
    {
        var records = await reader.ReadAsync(options.Value.IssuanceBatchMax, s_wait, cancellationToken);
        if (records.Count == 0) { return; }
        using var trace = BatchTrace.Start(s_source, $"process {Topics.CouponIssued.Name}", ActivityKind.Consumer, records, static record => record.TraceParent)
            ?.Messaging(log, Topics.CouponIssued.Name, "process", records.Count).Tag(MessagingAttributes.ConsumerGroup, Group);
        var started = time.GetTimestamp();
        try
        {
            await issue.HandleAsync(records, cancellationToken);
            await reader.CommitAsync(cancellationToken);
            metrics.Processed(log.SystemName, records.Count, time.GetElapsedTime(started));
        }
        // A stop is no failure.
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            trace?.Failed(exception);
            metrics.Processed(log.SystemName, records.Count, time.GetElapsedTime(started), exception);
            throw;
        }
    }

    private static TimeSpan DelayAfter(int failures)
    {
        var delay = s_delayMin * Math.Pow(2, Math.Min(failures - 1, 10));
        return delay < s_delayMax ? delay : s_delayMax;
    }
}
