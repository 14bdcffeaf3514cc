using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Coupons;

/// <summary>Section <c>Coupons</c>.</summary>
internal sealed class CouponOptions : ICheckedOptions
{
    /// <summary>How many records of <c>coupon.issued</c> one transaction takes at most, 1 to 1,000. Default: 1,000.</summary>
    public int IssuanceBatchMax { get; set; } = 1_000;

    /// <summary>How often expired coupons, old idempotency keys, kept records and pending releases are looked for, 100 ms to 1 hour. Default: 5 s.</summary>
    public TimeSpan SweepInterval { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How many rows one transaction of a sweep changes at most, 1 to 5,000. Default: 500.</summary>
    public int SweepBatchMax { get; set; } = 500;

    /// <summary>How long the idempotency keys of redemptions are kept, 1 hour to 90 days. Default: 7 days, which is what callers are told.</summary>
    public TimeSpan RedemptionKeyRetention { get; set; } = TimeSpan.FromDays(7);

    public IEnumerable<string> Check()
    {
        if (IssuanceBatchMax is < 1 or > 1_000) { yield return $"Coupons:IssuanceBatchMax must be between 1 and 1000, but is {IssuanceBatchMax}."; }
        if (SweepInterval < TimeSpan.FromMilliseconds(100) || SweepInterval > TimeSpan.FromHours(1))
        {
            yield return $"Coupons:SweepInterval must be between 00:00:00.1 and 01:00:00, but is {SweepInterval}.";
        }
        if (SweepBatchMax is < 1 or > 5_000) { yield return $"Coupons:SweepBatchMax must be between 1 and 5000, but is {SweepBatchMax}."; }
        if (RedemptionKeyRetention < TimeSpan.FromHours(1) || RedemptionKeyRetention > TimeSpan.FromDays(90))
        {
            yield return $"Coupons:RedemptionKeyRetention must be between 01:00:00 and 90.00:00:00, but is {RedemptionKeyRetention}.";
        }
    }
}
