using System.Diagnostics;
using System.Diagnostics.Metrics;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;

namespace FirstCome.IssueWorker.Recording;

/// <summary>The numbers of the way from log to ledger, meter <c>FirstCome.IssueWorker</c>.</summary>
internal sealed class WorkerMetrics
{
    public const string MeterName = "FirstCome.IssueWorker";

    private readonly Histogram<int> _batch;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _records;
    private readonly Counter<long> _alarms;
    private readonly Histogram<double> _databaseDuration, _processDuration;
    private readonly Counter<long> _consumed;
    private long _behind;
    private long _measuredAt = Stopwatch.GetTimestamp();

    public WorkerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _batch = meter.CreateHistogram<int>("firstcome.worker.batch", "{record}", "Records in one transaction.");
        _duration = meter.CreateHistogram<double>("firstcome.worker.duration", "s", "One transaction of the ledger.");
        _records = meter.CreateCounter<long>("firstcome.worker.records", "{record}", "Records by what became of them: issued, replayed, stale, dead-letter, malformed.");
        _alarms = meter.CreateCounter<long>("firstcome.alarms", "{alarm}", "Things that an operator must look at, by kind.");
        _databaseDuration = StandardMetrics.DatabaseDuration(meter);
        _processDuration = StandardMetrics.ProcessDuration(meter);
        _consumed = StandardMetrics.Consumed(meter);
        meter.CreateObservableGauge("firstcome.worker.lag", () => Volatile.Read(ref _behind), "{record}", "Records of coupon.claims that the ledger does not have yet.");
        // The lag stands still while nothing can be recorded: only its age tells that.
        meter.CreateObservableGauge(
            "firstcome.worker.lag.age", () => Stopwatch.GetElapsedTime(Volatile.Read(ref _measuredAt)).TotalSeconds, "s",
            "Since the lag was measured last; grows while batches fail, or ledger or log are away.");
    }

    /// <summary>Begins the counters that alarms are made of at 0: an increase is seen only of a series that is there before.</summary>
    public void Begin()
    {
        foreach (var kind in (string[])["dead-letter", "malformed-record", "log-starts-after-ledger"]) { _alarms.Add(0, new KeyValuePair<string, object?>("kind", kind)); }
    }

    /// <summary>A batch is recorded and told, or, with a <paramref name="failure"/>, comes again.</summary>
    public void Processed(string system, int records, TimeSpan elapsed, Exception? failure = null)
    {
        var attributes = StandardMetrics.Attributes(
            failure, new(MessagingAttributes.SystemName, system), new(MessagingAttributes.Destination, Topics.CouponClaims.Name), new(MessagingAttributes.ConsumerGroup, RecordClaims.Group),
            new(MessagingAttributes.OperationName, "process"));
        _processDuration.Record(elapsed.TotalSeconds, attributes);
        _consumed.Add(records, attributes);
    }

    /// <summary>A batch is in the ledger, or, with a <paramref name="failure"/>, is not. Our own numbers tell of what is there only.</summary>
    public void Recorded(string database, int records, TimeSpan elapsed, Exception? failure = null)
    {
        if (failure is null)
        {
            _batch.Record(records);
            _duration.Record(elapsed.TotalSeconds);
        }
        _databaseDuration.Record(elapsed.TotalSeconds, StandardMetrics.Attributes(failure, new("db.system.name", database), new("db.operation.name", "TRANSACTION")));
    }

    public void Became(string what, long records)
    {
        if (records > 0) { _records.Add(records, new KeyValuePair<string, object?>("outcome", what)); }
    }

    public void Alarm(string kind) => _alarms.Add(1, new KeyValuePair<string, object?>("kind", kind));

    /// <summary>The lag, measured now.</summary>
    public void Behind(long records)
    {
        Volatile.Write(ref _behind, records);
        Volatile.Write(ref _measuredAt, Stopwatch.GetTimestamp());
    }
}
