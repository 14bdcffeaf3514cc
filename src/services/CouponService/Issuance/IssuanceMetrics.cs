using System.Diagnostics.Metrics;

namespace FirstCome.CouponService.Issuance;

/// <summary>Numbers of the consumer of <c>coupon.issued</c>.</summary>
internal sealed class IssuanceMetrics
{
    private readonly Counter<long> _made;
    private readonly Counter<long> _replayed;
    private readonly Counter<long> _deadLetters;
    private readonly Histogram<int> _batch;

    public IssuanceMetrics(IMeterFactory meters)
    {
        var meter = meters.Create("FirstCome.CouponService");
        _made = meter.CreateCounter<long>("firstcome.coupons.made", "{coupon}", "Coupons made of records of coupon.issued.");
        _replayed = meter.CreateCounter<long>("firstcome.coupons.replayed", "{record}", "Records of coupon.issued whose coupon stood already.");
        _deadLetters = meter.CreateCounter<long>("firstcome.coupons.dead_letters", "{record}", "Records of coupon.issued that became no coupon, by reason.");
        _batch = meter.CreateHistogram<int>("firstcome.coupons.batch", "{record}", "Records of coupon.issued in one transaction.");
    }

    public void Count(IssuedBatch batch)
    {
        _made.Add(batch.Made);
        _replayed.Add(batch.Replayed);
        _batch.Record(batch.Made + batch.Replayed + batch.DeadLetters.Count);
        foreach (var letter in batch.DeadLetters) { _deadLetters.Add(1, new KeyValuePair<string, object?>("reason", letter.Reason)); }
    }
}
