using System.Diagnostics.Metrics;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;

namespace FirstCome.CouponService.Issuance;

/// <summary>Numbers of the consumer of <c>coupon.issued</c>.</summary>
internal sealed class IssuanceMetrics
{
    private readonly Counter<long> _made;
    private readonly Counter<long> _replayed;
    private readonly Counter<long> _deadLetters;
    private readonly Histogram<int> _batch;
    private readonly Histogram<double> _processDuration;
    private readonly Counter<long> _consumed;

    public IssuanceMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("FirstCome.CouponService");
        _made = meter.CreateCounter<long>("firstcome.coupons.made", "{coupon}", "Coupons made of records of coupon.issued.");
        _replayed = meter.CreateCounter<long>("firstcome.coupons.replayed", "{record}", "Records of coupon.issued whose coupon stood already.");
        _deadLetters = meter.CreateCounter<long>("firstcome.coupons.dead_letters", "{record}", "Records of coupon.issued that became no coupon, by reason.");
        _batch = meter.CreateHistogram<int>("firstcome.coupons.batch", "{record}", "Records of coupon.issued in one transaction.");
        _processDuration = StandardMetrics.ProcessDuration(meter);
        _consumed = StandardMetrics.Consumed(meter);
    }

    /// <summary>Begins the counters that alarms are made of at 0: an increase is seen only of a series that is there before.</summary>
    public void Begin()
    {
        foreach (var reason in (string[])[DeadLetterReason.Malformed, DeadLetterReason.Conflict, DeadLetterReason.CampaignUnknown]) { _deadLetters.Add(0, new KeyValuePair<string, object?>("reason", reason)); }
    }

    /// <summary>A batch is worked on and its offsets are committed, or, with a <paramref name="failure"/>, it comes again.</summary>
    public void Processed(string system, int records, TimeSpan elapsed, Exception? failure = null)
    {
        var attributes = StandardMetrics.Attributes(
            failure, new(MessagingAttributes.SystemName, system), new(MessagingAttributes.Destination, Topics.CouponIssued.Name), new(MessagingAttributes.ConsumerGroup, IssuanceConsumer.Group),
            new(MessagingAttributes.OperationName, "process"));
        _processDuration.Record(elapsed.TotalSeconds, attributes);
        _consumed.Add(records, attributes);
    }

    public void Count(IssuedBatch batch)
    {
        _made.Add(batch.Made);
        _replayed.Add(batch.Replayed);
        _batch.Record(batch.Made + batch.Replayed + batch.DeadLetters.Count);
        foreach (var letter in batch.DeadLetters) { _deadLetters.Add(1, new KeyValuePair<string, object?>("reason", letter.Reason)); }
    }
}
