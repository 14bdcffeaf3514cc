using FirstCome.Contracts.Campaigns;

namespace FirstCome.CouponService.Coupons;

/// <summary>A coupon as callers see it.</summary>
/// <param name="Code">What a merchant is shown: <c>XXXX-XXXX-XXXX-XXXX-C</c>.</param>
/// <param name="State">At the moment of the answer: issued turns into expired by the clock.</param>
/// <param name="Benefit">What it is worth: the campaign's benefit as it stood at issue.</param>
/// <param name="ExpiresAt">The first instant at which it is no longer good.</param>
/// <param name="UsedAt">When it was redeemed, while it is used.</param>
/// <param name="CancelledAt">When an operator cancelled it.</param>
/// <param name="Redemption">The order that holds it, for its member, for operators and for the merchant who redeemed it.</param>
internal sealed record Coupon(
    string Code, Guid CampaignId, Guid MemberId, CouponState State, Benefit Benefit, DateTimeOffset IssuedAt, DateTimeOffset ExpiresAt,
    DateTimeOffset? UsedAt = null, DateTimeOffset? CancelledAt = null, CouponRedemption? Redemption = null);

/// <summary>The redemption within a coupon.</summary>
internal sealed record CouponRedemption(Guid Id, string OrderId, Money OrderAmount, Money Discount, DateTimeOffset RedeemedAt);
