using System.Numerics;
using CsCheck;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Coupons;
using FirstCome.CouponService.Redemptions;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>What a coupon takes off an order, and which orders it refuses.</summary>
public sealed class CouponsDiscountTests
{
    private static readonly Gen<long> Minor = Gen.Frequency(
        (4, Gen.Long[1, 1_000_000]),
        (2, Gen.Long[1, long.MaxValue]),
        (1, Gen.OneOf(1L, 2L, 99L, 100L, 101L, long.MaxValue - 1, long.MaxValue)));

    private static readonly Gen<Money?> MaybeMoney = Gen.Frequency((1, Gen.Const((Money?)null)), (2, Minor.Select(minor => (Money?)new Money("KRW", minor))));

    private static readonly Gen<Benefit> Percent =
        Gen.Select(Gen.Int[1, 100], MaybeMoney, MaybeMoney, (percent, cap, minimum) =>
            new Benefit(Benefit.PercentKind, Percent: percent, Cap: cap, MinimumOrder: minimum));

    private static readonly Gen<Benefit> AnyBenefit = Gen.OneOf(
        Gen.Select(Minor, MaybeMoney, (minor, minimum) => new Benefit(Benefit.AmountKind, new Money("KRW", minor), MinimumOrder: minimum)),
        Percent,
        MaybeMoney.Select(minimum => new Benefit(Benefit.FreeShippingKind, MinimumOrder: minimum)),
        MaybeMoney.Select(minimum => new Benefit(Benefit.GiftKind, Name: new LocalizedText("컵", "cup"), MinimumOrder: minimum)));

    [Fact]
    public void A_discount_is_never_negative_and_never_more_than_the_order() =>
        Gen.Select(AnyBenefit, Minor).Sample((benefit, order) =>
            RedemptionRules.Discount(benefit, order) is var discount && discount >= 0 && discount <= order);

    [Fact]
    public void A_larger_order_never_gets_a_smaller_discount() =>
        Gen.Select(AnyBenefit, Minor, Minor).Sample((benefit, one, other) =>
            RedemptionRules.Discount(benefit, Math.Min(one, other)) <= RedemptionRules.Discount(benefit, Math.Max(one, other)));

    [Fact]
    public void A_percent_is_rounded_down_and_cut_by_its_cap_as_exact_arithmetic_says() =>
        Gen.Select(Percent, Minor).Sample((benefit, order) =>
        {
            var exact = new BigInteger(order) * benefit.Percent!.Value / 100;
            var expected = benefit.Cap is { } cap && cap.Minor < exact ? cap.Minor : exact;
            return RedemptionRules.Discount(benefit, order) == expected;
        });

    [Theory]
    [InlineData(10, null, 999, 99)]
    [InlineData(10, null, 9, 0)]
    [InlineData(100, null, 12_345, 12_345)]
    [InlineData(33, 1_000L, 100_000, 1_000)]
    [InlineData(1, null, long.MaxValue, 92_233_720_368_547_758)]
    [InlineData(100, null, long.MaxValue, long.MaxValue)]
    public void Percent_by_example(int percent, long? cap, long order, long discount)
    {
        var benefit = new Benefit(Benefit.PercentKind, Percent: percent, Cap: cap is { } minor ? new Money("KRW", minor) : null);
        Assert.Equal(discount, RedemptionRules.Discount(benefit, order));
    }

    [Theory]
    [InlineData(5_000, 20_000, 5_000)]
    [InlineData(5_000, 5_000, 5_000)]
    [InlineData(5_000, 4_999, 4_999)]
    public void An_amount_is_taken_off_as_far_as_the_order_goes(long amount, long order, long discount) =>
        Assert.Equal(discount, RedemptionRules.Discount(new Benefit(Benefit.AmountKind, new Money("KRW", amount)), order));

    [Fact]
    public void Shipping_and_gifts_take_nothing_off()
    {
        Assert.Equal(0, RedemptionRules.Discount(new Benefit(Benefit.FreeShippingKind), 10_000));
        Assert.Equal(0, RedemptionRules.Discount(new Benefit(Benefit.GiftKind, Name: new LocalizedText("컵", "cup")), 10_000));
    }

    [Fact]
    public void A_benefit_without_its_numbers_is_an_error_and_no_discount() =>
        Assert.Throws<InvalidOperationException>(() => RedemptionRules.Discount(new Benefit(Benefit.PercentKind), 10_000));

    [Fact]
    public void Of_several_refusals_the_first_of_the_enum_is_told()
    {
        var benefit = new Benefit(Benefit.AmountKind, new Money("KRW", 1_000), MinimumOrder: new Money("KRW", 10_000));
        var small = new Money("KRW", 9_999);
        var foreign = new Money("USD", 1);
        Assert.Equal(RedemptionRefusal.NotRedeemable, RedemptionRules.Judge(CouponState.Cancelled, true, benefit, foreign));
        Assert.Equal(RedemptionRefusal.Cancelled, RedemptionRules.Judge(CouponState.Cancelled, false, benefit, foreign));
        Assert.Equal(RedemptionRefusal.Used, RedemptionRules.Judge(CouponState.Used, false, benefit, foreign));
        Assert.Equal(RedemptionRefusal.Expired, RedemptionRules.Judge(CouponState.Expired, false, benefit, foreign));
        Assert.Equal(RedemptionRefusal.CurrencyMismatch, RedemptionRules.Judge(CouponState.Issued, false, benefit, foreign));
        Assert.Equal(RedemptionRefusal.BelowMinimum, RedemptionRules.Judge(CouponState.Issued, false, benefit, small));
        Assert.Null(RedemptionRules.Judge(CouponState.Issued, false, benefit, new Money("KRW", 10_000)));
    }

    [Fact]
    public void A_benefit_without_an_amount_takes_any_currency() =>
        Assert.Null(RedemptionRules.Judge(CouponState.Issued, false, new Benefit(Benefit.PercentKind, Percent: 10), new Money("USD", 1)));

    [Fact]
    public void A_redeemed_order_gets_a_discount_in_its_own_currency() =>
        Gen.Select(AnyBenefit, Gen.OneOf("KRW", "USD"), Minor).Sample((benefit, currency, minor) =>
            RedemptionRules.Judge(CouponState.Issued, false, benefit, new Money(currency, minor)) is not null
            || RedemptionRules.Currency(benefit) is null || RedemptionRules.Currency(benefit) == currency);
}
