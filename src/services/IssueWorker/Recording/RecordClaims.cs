using System.Diagnostics;
using System.Text.Json;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.IssueWorker.Recording;

/// <summary>
/// Log → ledger: reads a batch, writes it with its offsets in one transaction, tells CouponService of every row of the batch, new or not, and commits the group's offsets last.
/// Whatever fails, the batch comes again; replays change nothing.
/// </summary>
internal sealed class RecordClaims(
    IEventLog log, Database ledger, LedgerBatch batch, WorkerMetrics metrics, IOptions<WorkerOptions> options, TimeProvider time, ILogger<RecordClaims> logger) : BackgroundService, IHealthSignal
{
    public const string Group = "issue-worker";
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_backoffMin = TimeSpan.FromMilliseconds(50);

    private static readonly ActivitySource s_source = new(WorkerMetrics.MeterName);

    private volatile string? _failure;
    private int _failures;

    public string Name => "ledger";

    public HealthState Current => _failure is { } failure ? new HealthState(Severity.Degraded, failure) : HealthState.Ok;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Begin();
        await using var reader = log.Subscribe(new LogSubscription(Topics.CouponClaims, Group, new LogStart.Kept(StartAsync)));
        var measuredAt = time.GetTimestamp();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                var records = await reader.ReadAsync(options.Value.BatchMax, s_wait, stoppingToken);
                if (records.Count > 0) { await RecordAsync(reader, records, stoppingToken); }
                if (time.GetElapsedTime(measuredAt) >= s_wait)
                {
                    measuredAt = time.GetTimestamp();
                    await MeasureLagAsync(stoppingToken);
                }
                (_failures, _failure) = (0, null);
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                _failure = exception is UnavailableException ? $"An engine is away: {exception.Message}" : "A batch could not be recorded; it is tried again.";
                WorkerLog.BatchFailed(logger, ++_failures, exception);
                var pause = TimeSpan.FromTicks(Math.Min(options.Value.BackoffMax.Ticks, s_backoffMin.Ticks << Math.Min(_failures, 10)));
                await Task.Delay(pause * (0.5 + (Random.Shared.NextDouble() / 2)), time, stoppingToken);
                await RewindAsync(reader, stoppingToken);
            }
        }
    }

    private async Task RecordAsync(ILogReader reader, IReadOnlyList<ConsumedRecord> records, CancellationToken cancellationToken)
    {
        using var trace = BatchTrace.Start(s_source, $"process {Topics.CouponClaims.Name}", ActivityKind.Consumer, records, static record => record.TraceParent)
            ?.Messaging(log, Topics.CouponClaims.Name, "process", records.Count).Tag(MessagingAttributes.ConsumerGroup, Group);
        var started = time.GetTimestamp();
        try
        {
            await RecordAsync(reader, records, trace, cancellationToken);
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

    private async Task RecordAsync(ILogReader reader, IReadOnlyList<ConsumedRecord> records, BatchTrace? trace, CancellationToken cancellationToken)
    {
        var result = await WriteAsync(records, cancellationToken);
        metrics.Became("issued", result.New);
        metrics.Became("replayed", result.Issued.Count - result.New);
        metrics.Became("stale", result.Stale);
        metrics.Became("malformed", result.Malformed);
        metrics.Became("dead-letter", result.Reviewed.Count);
        foreach (var reviewed in result.Reviewed)
        {
            metrics.Alarm("dead-letter");
            WorkerLog.ClaimUnderReview(logger, reviewed.CampaignId, reviewed.Sequence, reviewed.Reason ?? "");
        }
        if (result.Malformed > 0) { metrics.Alarm("malformed-record"); }
        if (result.Issued.Count > 0)
        {
            await TellIssuedAsync(result.Issued, records, trace, cancellationToken);
        }
        if (result.Reviewed.Count > 0)
        {
            var now = time.GetUtcNow();
            await log.ProduceAsync(
                Topics.ClaimReviewed,
                [.. result.Reviewed.Select(claim => new LogRecord(claim.MemberId.ToString("N"), JsonSerializer.SerializeToUtf8Bytes(
                    new ClaimReviewed(claim.CampaignId, claim.MemberId, claim.Nth, claim.Sequence, ClaimState.UnderReview, claim.Reason ?? "", now), MessageJson.Default.ClaimReviewed)))], cancellationToken);
        }
        await reader.CommitAsync(cancellationToken);
    }

    private async Task TellIssuedAsync(IReadOnlyList<ClaimRow> issued, IReadOnlyList<ConsumedRecord> records, BatchTrace? trace, CancellationToken cancellationToken)
    {
        // A row that another record wrote before is not of this record's trace.
        var contexts = trace is null
            ? null
            : records.Where(record => trace.ContextOf(record.TraceParent) is not null).ToDictionary(record => record.Position, record => trace.ContextOf(record.TraceParent));
        string? ContextOf(ClaimRow row) => contexts?.GetValueOrDefault(new LogPosition(row.LogPartition, row.LogOffset));
        using var sending = BatchTrace.Start(s_source, $"send {Topics.CouponIssued.Name}", ActivityKind.Producer, issued, ContextOf)?.Messaging(log, Topics.CouponIssued.Name, "send", issued.Count);
        var keys = new SpreadKeys();
        await log.ProduceAsync(
            Topics.CouponIssued,
            [
                .. issued.Select((row, index) => new LogRecord(
                    keys[index], JsonSerializer.SerializeToUtf8Bytes(row.ToIssued(), MessageJson.Default.CouponIssued), sending?.ContextOf(ContextOf(row)))),
            ], cancellationToken);
    }

    // A record beyond the limit may be a raise's first: the ledger is read afresh and waited for before anything becomes a dead letter.
    private async Task<BatchResult> WriteAsync(IReadOnlyList<ConsumedRecord> records, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        for (var pause = s_backoffMin; ; pause = TimeSpan.FromTicks(Math.Min(pause.Ticks * 2, TimeSpan.TicksPerSecond)))
        {
            var patient = time.GetElapsedTime(started) < options.Value.LimitPatience;
            if (await WriteOnceAsync(records, patient, cancellationToken) is { } result) { return result; }
            WorkerLog.LimitAwaited(logger);
            await Task.Delay(pause, time, cancellationToken);
        }
    }

    private async Task<BatchResult?> WriteOnceAsync(IReadOnlyList<ConsumedRecord> records, bool patient, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        try
        {
            var result = await batch.WriteAsync(records, patient, cancellationToken);
            if (result is not null) { metrics.Recorded(ledger.SystemName, records.Count, time.GetElapsedTime(started)); }
            return result;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            metrics.Recorded(ledger.SystemName, records.Count, time.GetElapsedTime(started), exception);
            throw;
        }
    }

    // The ledger's offset says what is recorded, the group's what CouponService was told of: whichever is behind, and the first record where either says nothing. A batch that was
    // recorded and not told comes again, and is told then; after a restore of the ledger the group's is ahead of what the ledger holds. Replays change nothing.
    private async ValueTask<long?> StartAsync(int partition, long? committed, CancellationToken cancellationToken) =>
        await NextOffsetAsync(partition, cancellationToken) is { } recorded && committed is { } told ? Math.Min(recorded, told) : null;

    private ValueTask<long?> NextOffsetAsync(int partition, CancellationToken cancellationToken) => new(ledger.ReadAsync(async (connection, token) =>
    {
        await using var command = LedgerValues.Command(
            connection, null, "SELECT next_offset FROM consumer_offset WHERE topic = @topic AND log_partition = @partition", ("@topic", Topics.CouponClaims.Name), ("@partition", partition));
        return (long?)await command.ExecuteScalarAsync(token);
    }, cancellationToken));

    private async Task MeasureLagAsync(CancellationToken cancellationToken)
    {
        var ends = await log.EndOffsetsAsync(Topics.CouponClaims, cancellationToken);
        var starts = await log.StartOffsetsAsync(Topics.CouponClaims, cancellationToken);
        long behind = 0;
        for (var partition = 0; partition < ends.Count; partition++)
        {
            var next = await NextOffsetAsync(partition, cancellationToken) ?? 0;
            behind += Math.Max(0, ends[partition] - next);
            // What the log has dropped before it was recorded is lost to the ledger: an operator must know at once.
            if (starts[partition] > next) { metrics.Alarm("log-starts-after-ledger"); WorkerLog.LogStartsAfterLedger(logger, partition, starts[partition], next); }
        }
        metrics.Behind(behind);
    }

    private async Task RewindAsync(ILogReader reader, CancellationToken cancellationToken)
    {
        try { await reader.RewindAsync(cancellationToken); }
        catch (UnavailableException exception) { WorkerLog.RewindFailed(logger, exception); }
    }
}

internal static partial class WorkerLog
{
    [LoggerMessage(EventId = 2001, Level = LogLevel.Error, Message = "A batch could not be recorded (failure {Failures} in a row); it comes again.")]
    public static partial void BatchFailed(ILogger logger, int failures, Exception exception);

    [LoggerMessage(EventId = 2002, Level = LogLevel.Critical, Message = "Campaign {CampaignId}: claim {Sequence} is a dead letter ({Reason}); an operator must look at it.")]
    public static partial void ClaimUnderReview(ILogger logger, Guid campaignId, long sequence, string reason);

    [LoggerMessage(EventId = 2003, Level = LogLevel.Warning, Message = "A batch holds claims beyond the ledger's limit; waiting for a raise that may be on its way.")]
    public static partial void LimitAwaited(ILogger logger);

    [LoggerMessage(EventId = 2004, Level = LogLevel.Critical, Message = "Partition {Partition} of coupon.claims starts at {Start}, after the ledger's offset {Next}: records were dropped before they were recorded.")]
    public static partial void LogStartsAfterLedger(ILogger logger, int partition, long start, long next);

    [LoggerMessage(EventId = 2005, Level = LogLevel.Warning, Message = "The reader could not go back; it is tried again.")]
    public static partial void RewindFailed(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 2006, Level = LogLevel.Critical, Message = "A record of coupon.claims at partition {Partition}, offset {Offset} cannot be read ({Reason}); it is kept raw.")]
    public static partial void RecordMalformed(ILogger logger, int partition, long offset, string reason);
}
