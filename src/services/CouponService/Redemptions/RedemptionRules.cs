using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Coupons;

namespace FirstCome.CouponService.Redemptions;

/// <summary>Why a coupon is not redeemed, in the order of precedence: of several that hold, the first is told.</summary>
internal enum RedemptionRefusal
{
    /// <summary>It is a rehearsal's; such coupons are never worth anything.</summary>
    NotRedeemable = 1,
    /// <summary>An operator cancelled it.</summary>
    Cancelled,
    /// <summary>Another order has used it.</summary>
    Used,
    /// <summary>Its time is over.</summary>
    Expired,
    /// <summary>The order is in another currency than the benefit.</summary>
    CurrencyMismatch,
    /// <summary>The order is smaller than the benefit asks for.</summary>
    BelowMinimum,
}

/// <summary>What a coupon does to an order.</summary>
internal static class RedemptionRules
{
    /// <summary>The refusal of an order of this amount, or null where the coupon may be redeemed.</summary>
    /// <param name="state">The coupon's state at this moment.</param>
    public static RedemptionRefusal? Judge(CouponState state, bool rehearsal, Benefit benefit, Money order) => (state, rehearsal) switch
    {
        (_, true) => RedemptionRefusal.NotRedeemable,
        (CouponState.Cancelled, _) => RedemptionRefusal.Cancelled,
        (CouponState.Used, _) => RedemptionRefusal.Used,
        (CouponState.Expired, _) => RedemptionRefusal.Expired,
        _ when Currency(benefit) is { } currency && currency != order.Currency => RedemptionRefusal.CurrencyMismatch,
        _ when benefit.MinimumOrder is { } minimum && order.Minor < minimum.Minor => RedemptionRefusal.BelowMinimum,
        _ => null,
    };

    /// <summary>The currency that orders must be in; null where the benefit names no amount.</summary>
    public static string? Currency(Benefit benefit) => (benefit.Amount ?? benefit.Cap ?? benefit.MinimumOrder)?.Currency;

    /// <summary>
    /// The discount in minor units: a fixed amount, or percent rounded down to the minor unit and cut by the cap; never more than the order.
    /// Free shipping and gifts take nothing off the order.
    /// </summary>
    public static long Discount(Benefit benefit, long orderMinor)
    {
        Int128 discount = benefit switch
        {
            { Kind: Benefit.AmountKind, Amount: { } amount } => amount.Minor,
            { Kind: Benefit.PercentKind, Percent: { } percent } => Int128.Min((Int128)orderMinor * percent / 100, benefit.Cap?.Minor ?? long.MaxValue),
            { Kind: Benefit.FreeShippingKind or Benefit.GiftKind } => 0,
            _ => throw new InvalidOperationException($"A benefit of kind '{benefit.Kind}' lacks what its discount is computed from."),
        };
        return (long)Int128.Clamp(discount, 0, orderMinor);
    }
}
