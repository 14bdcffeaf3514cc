using System.Data.Common;
using System.Text.Json;
using Dapper;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.CouponService.Coupons;

namespace FirstCome.CouponService.Redemptions;

/// <summary>A coupon used by an order, as the merchant who redeemed it sees it.</summary>
/// <param name="Benefit">What the order gets: the discount below, and for free shipping or a gift what to do besides.</param>
/// <param name="Discount">In the order's currency; never more than the order.</param>
/// <param name="UndoneAt">When it was undone; the coupon was free again from then on.</param>
internal sealed record Redemption(
    Guid Id, string Code, Guid CampaignId, Benefit Benefit, string OrderId, Money OrderAmount, Money Discount, DateTimeOffset RedeemedAt,
    DateTimeOffset? UndoneAt = null);

/// <summary>A row of <c>redemption</c> with its coupon's code and terms.</summary>
internal sealed class RedemptionRow
{
    /// <summary>What <see cref="RedemptionRow"/> is made of; conditions on <c>r</c> (redemption) and <c>c</c> (coupon) follow it.</summary>
    public const string Select = """
        SELECT r.id AS Id, r.coupon_id AS CouponId, r.merchant_id AS MerchantId, r.order_id AS OrderId, r.currency AS Currency, r.order_minor AS OrderMinor,
            r.discount_minor AS DiscountMinor, r.redeemed_at AS RedeemedAt, r.undone_at AS UndoneAt,
            c.code AS Code, c.campaign_id AS CampaignId, c.expires_at AS ExpiresAt, t.benefit AS BenefitJson
        FROM redemption r
        JOIN coupon c ON c.id = r.coupon_id
        JOIN coupon_terms t ON t.campaign_id = c.campaign_id AND t.version = c.terms_version
        """;

    public byte[] Id { get; init; } = [];
    public long CouponId { get; init; }
    public byte[] MerchantId { get; init; } = [];
    public string OrderId { get; init; } = "";
    public string Currency { get; init; } = "";
    public long OrderMinor { get; init; }
    public long DiscountMinor { get; init; }
    public long RedeemedAt { get; init; }
    public long? UndoneAt { get; init; }
    public string Code { get; init; } = "";
    public byte[] CampaignId { get; init; } = [];
    public long ExpiresAt { get; init; }
    public string BenefitJson { get; init; } = "";

    /// <summary>The entity tag: 1, and 2 once it is undone.</summary>
    public long Tag => UndoneAt is null ? 1 : 2;

    public static async Task<RedemptionRow?> FindAsync(
        DbConnection connection, DbTransaction? transaction, byte[] id, string forUpdate, CancellationToken cancellationToken)
    {
        if (forUpdate.Length > 0)
        {
            // The coupon, as whoever redeems or cancels it locks it too; not its terms, which belong to every coupon of the campaign.
            await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                $"SELECT id FROM coupon WHERE id = (SELECT coupon_id FROM redemption WHERE id = @id){forUpdate}", new { id }, transaction, cancellationToken: cancellationToken));
        }
        return await connection.QuerySingleOrDefaultAsync<RedemptionRow>(new CommandDefinition(
            $"{Select}\nWHERE r.id = @id", new { id }, transaction, cancellationToken: cancellationToken));
    }

    /// <summary>Whether it is a redemption of this coupon by this merchant; anybody else's does not exist for the caller.</summary>
    public bool IsOf(string code, Guid merchant) => Code == code && new Guid(MerchantId, bigEndian: true) == merchant;

    public Redemption ToRedemption() => new(
        new Guid(Id, bigEndian: true), Code, new Guid(CampaignId, bigEndian: true),
        JsonSerializer.Deserialize(BenefitJson, MessageJson.Default.Benefit)
            ?? throw new InvalidOperationException($"The terms of coupon {CouponId} hold no benefit."),
        OrderId, new Money(Currency, OrderMinor), new Money(Currency, DiscountMinor), CouponRow.Instant(RedeemedAt),
        UndoneAt is { } undoneAt ? CouponRow.Instant(undoneAt) : null);
}
