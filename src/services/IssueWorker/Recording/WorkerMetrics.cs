using System.Diagnostics.Metrics;

namespace FirstCome.IssueWorker.Recording;

/// <summary>The numbers of the way from log to ledger, meter <c>FirstCome.IssueWorker</c>.</summary>
internal sealed class WorkerMetrics
{
    public const string MeterName = "FirstCome.IssueWorker";

    private readonly Histogram<int> _batch;
    private readonly Histogram<double> _duration;
    private readonly Counter<long> _records;
    private readonly Counter<long> _alarms;
    private long _behind;

    public WorkerMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _batch = meter.CreateHistogram<int>("firstcome.worker.batch", "{record}", "Records in one transaction.");
        _duration = meter.CreateHistogram<double>("firstcome.worker.duration", "s", "One transaction of the ledger.");
        _records = meter.CreateCounter<long>("firstcome.worker.records", "{record}", "Records by what became of them: issued, replayed, stale, dead-letter, malformed.");
        _alarms = meter.CreateCounter<long>("firstcome.alarms", "{alarm}", "Things that an operator must look at, by kind.");
        meter.CreateObservableGauge("firstcome.worker.lag", () => Volatile.Read(ref _behind), "{record}", "Records of coupon.claims that the ledger does not have yet.");
    }

    public void Recorded(int records, TimeSpan elapsed)
    {
        _batch.Record(records);
        _duration.Record(elapsed.TotalSeconds);
    }

    public void Became(string what, long records)
    {
        if (records > 0) { _records.Add(records, new KeyValuePair<string, object?>("outcome", what)); }
    }

    public void Alarm(string kind) => _alarms.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void Behind(long records) => Volatile.Write(ref _behind, records);
}
