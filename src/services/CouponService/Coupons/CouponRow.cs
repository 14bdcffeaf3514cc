using System.Data.Common;
using System.Text.Json;
using Dapper;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;

namespace FirstCome.CouponService.Coupons;

/// <summary>A row of <c>coupon</c> with the terms it was issued under and the redemption that holds it.</summary>
internal sealed class CouponRow
{
    /// <summary>What <see cref="CouponRow"/> is made of; conditions on <c>c</c> (coupon) and <c>t</c> (terms) follow it.</summary>
    public const string Select = """
        SELECT c.id AS Id, c.code AS Code, c.campaign_id AS CampaignId, c.member_id AS MemberId, c.sequence AS Sequence, c.state AS State,
            c.issued_at AS IssuedAt, c.expires_at AS ExpiresAt, c.made_at AS MadeAt, c.used_at AS UsedAt, c.cancelled_at AS CancelledAt, c.version AS Version,
            t.benefit AS BenefitJson, t.rehearsal AS Rehearsal,
            r.id AS RedemptionId, r.merchant_id AS MerchantId, r.order_id AS OrderId, r.currency AS Currency, r.order_minor AS OrderMinor,
            r.discount_minor AS DiscountMinor, r.redeemed_at AS RedeemedAt
        FROM coupon c
        JOIN coupon_terms t ON t.campaign_id = c.campaign_id AND t.version = c.terms_version
        LEFT JOIN redemption r ON r.id = c.redemption_id
        """;

    public long Id { get; init; }
    public string Code { get; init; } = "";
    public byte[] CampaignId { get; init; } = [];
    public byte[] MemberId { get; init; } = [];
    public long Sequence { get; init; }
    public CouponState State { get; init; }
    public long IssuedAt { get; init; }
    public long ExpiresAt { get; init; }
    public long MadeAt { get; init; }
    public long? UsedAt { get; init; }
    public long? CancelledAt { get; init; }
    public int Version { get; init; }
    public string BenefitJson { get; init; } = "";
    public bool Rehearsal { get; init; }
    public byte[]? RedemptionId { get; init; }
    public byte[]? MerchantId { get; init; }
    public string? OrderId { get; init; }
    public string? Currency { get; init; }
    public long? OrderMinor { get; init; }
    public long? DiscountMinor { get; init; }
    public long? RedeemedAt { get; init; }

    public Benefit Benefit =>
        JsonSerializer.Deserialize(BenefitJson, MessageJson.Default.Benefit)
        ?? throw new InvalidOperationException($"The terms of coupon {Id} hold no benefit.");

    public CouponState StateAt(DateTimeOffset now) => CouponStates.At(State, ExpiresAt, now);

    /// <summary>The entity tag: changes with what people do to the coupon, and when its time runs out; not when the sweep writes that down.</summary>
    public long TagAt(DateTimeOffset now) => (Version * 2L) + (StateAt(now) is CouponState.Expired ? 1 : 0);

    /// <summary>The coupon of a code; locked for writing within a transaction, where the database locks rows.</summary>
    public static async Task<CouponRow?> FindAsync(
        DbConnection connection, DbTransaction? transaction, string code, string forUpdate, CancellationToken cancellationToken)
    {
        if (forUpdate.Length > 0)
        {
            // The coupon alone: its terms belong to every coupon of the campaign.
            await connection.ExecuteScalarAsync<long>(new CommandDefinition(
                $"SELECT id FROM coupon WHERE code = @code{forUpdate}", new { code }, transaction, cancellationToken: cancellationToken));
        }
        return await connection.QuerySingleOrDefaultAsync<CouponRow>(new CommandDefinition(
            $"{Select}\nWHERE c.code = @code", new { code }, transaction, cancellationToken: cancellationToken));
    }

    /// <summary>The coupon as a caller sees it.</summary>
    /// <param name="withRedemption">Whether the caller may know which order holds it.</param>
    public Coupon ToCoupon(DateTimeOffset now, bool withRedemption) => new(
        Code, new Guid(CampaignId, bigEndian: true), new Guid(MemberId, bigEndian: true), StateAt(now), Benefit, Instant(IssuedAt), Instant(ExpiresAt),
        UsedAt is { } usedAt ? Instant(usedAt) : null, CancelledAt is { } cancelledAt ? Instant(cancelledAt) : null, withRedemption ? Holder() : null);

    private CouponRedemption? Holder() => RedemptionId is null
        ? null
        : new CouponRedemption(
            new Guid(RedemptionId, bigEndian: true), OrderId!, new Money(Currency!, OrderMinor!.Value), new Money(Currency!, DiscountMinor!.Value),
            Instant(RedeemedAt!.Value));

    public static DateTimeOffset Instant(long ms) => DateTimeOffset.FromUnixTimeMilliseconds(ms);
}
