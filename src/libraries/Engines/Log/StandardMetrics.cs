using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace FirstCome.Engines.Log;

/// <summary>Instruments that OpenTelemetry's semantic conventions name, with the bounds that they advise.</summary>
public static class StandardMetrics
{
    private static readonly InstrumentAdvice<double> s_messaging = new() { HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10] };
    private static readonly InstrumentAdvice<double> s_database = new() { HistogramBucketBoundaries = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10] };

    public static Histogram<double> DatabaseDuration(Meter meter) => Create(meter, "db.client.operation.duration", "One call to Redis or one transaction of a database.", s_database);

    public static Histogram<double> SendDuration(Meter meter) => Create(meter, "messaging.client.operation.duration", "One batch sent to the log and acknowledged.", s_messaging);

    public static Histogram<double> ProcessDuration(Meter meter) => Create(meter, "messaging.process.duration", "One batch of the log worked on.", s_messaging);

    public static Counter<long> Sent(Meter meter)
    {
        ArgumentNullException.ThrowIfNull(meter);
        return meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Records given to the log; those that it did not acknowledge with error.type.");
    }

    public static Counter<long> Consumed(Meter meter)
    {
        ArgumentNullException.ThrowIfNull(meter);
        return meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Records read of the log to be worked on; those of a batch that failed with error.type, they come again.");
    }

    /// <summary>The attributes of a measurement, and <c>error.type</c> where what was measured failed: the kind of exception, as a span tells it.</summary>
    public static TagList Attributes(Exception? failure, params ReadOnlySpan<KeyValuePair<string, object?>> attributes)
    {
        var all = new TagList(attributes);
        if (failure is not null) { all.Add("error.type", failure.GetType().FullName); }
        return all;
    }

    private static Histogram<double> Create(Meter meter, string name, string description, InstrumentAdvice<double> advice)
    {
        ArgumentNullException.ThrowIfNull(meter);
        return meter.CreateHistogram(name, "s", description, null, advice);
    }
}
