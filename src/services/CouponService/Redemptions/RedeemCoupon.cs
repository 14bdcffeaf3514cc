using System.Data.Common;
using Dapper;
using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Problems;
using FirstCome.CouponService.Coupons;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Redemptions;

/// <summary>
/// <c>POST /api/coupons/{code}/redemptions</c> <c>{orderId, orderAmount}</c>, by a merchant, with an <c>Idempotency-Key</c>. 201 for a new redemption; 200 with
/// the same body for a repetition, by the key or by the very same order of the merchant that holds the coupon already. A repetition comes before every refusal;
/// refusals are not kept. Of any number of orders at once one wins.
/// </summary>
internal static class RedeemCoupon
{
    /// <param name="OrderId">The merchant's own id of the order, 1 to 64 visible characters.</param>
    /// <param name="OrderAmount">What the order comes to before the discount, 1 minor unit or more.</param>
    internal sealed record RedeemRequest(string OrderId, Money OrderAmount);

    public static async Task<IResult> HandleAsync(
        string code, RedeemRequest request, HttpContext context, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        if (CouponAnswers.Mistyped(code, out var parsed) is { } mistyped) { return mistyped; }
        var errors = new FieldErrors();
        if (RedemptionOrder.Read(parsed, request, context.Request.Headers[RedemptionOrder.KeyHeader], errors) is not { } order) { return errors.ToResult(); }

        var merchant = context.Caller().MemberId.ToByteArray(bigEndian: true);
        var outcome = await database.WriteAsync(
            (connection, transaction, token) =>
                RedeemAsync(connection, transaction, database.Dialect, order, merchant, context.Request, time.GetUtcNow(), token),
            cancellationToken);
        if (outcome.Refusal is { } refusal) { return refusal; }
        var row = outcome.Row!;
        EntityTag.Set(context.Response, row.Tag);
        var redemption = row.ToRedemption();
        return outcome.Replayed ? Results.Ok(redemption) : Results.Created($"/api/coupons/{redemption.Code}/redemptions/{redemption.Id}", redemption);
    }

    // The key is written first: of two requests with one key the second waits here for the first in every database, and then finds what it did.
    private static async Task<Outcome> RedeemAsync(
        DbConnection connection, DbTransaction transaction, SqlDialect dialect, RedemptionOrder order, byte[] merchant, HttpRequest request, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var id = Guid.CreateVersion7(now).ToByteArray(bigEndian: true);
        var key = await RedemptionKey.TakeAsync(connection, transaction, dialect, merchant, order, id, now, cancellationToken);
        if (!key.RequestHash.AsSpan().SequenceEqual(order.RequestHash)) { return new Outcome(null, Problems.Result(ProblemTypes.IdempotencyKeyReused)); }
        if (!key.RedemptionId.AsSpan().SequenceEqual(id))
        {
            return new Outcome(await FindAsync(connection, transaction, key.RedemptionId, cancellationToken), Replayed: true);
        }

        var coupon = await CouponRow.FindAsync(connection, transaction, order.Code, dialect.ForUpdate, cancellationToken);
        if (coupon is not null && Holds(coupon, order, merchant))
        {
            await RedemptionKey.PointAsync(connection, transaction, merchant, order, coupon.RedemptionId!, cancellationToken);
            return new Outcome(await FindAsync(connection, transaction, coupon.RedemptionId!, cancellationToken), Replayed: true);
        }
        if (Refusal(coupon, order, request, now) is { } refusal)
        {
            await RedemptionKey.GiveBackAsync(connection, transaction, merchant, order, cancellationToken);
            return new Outcome(null, refusal);
        }
        await WriteAsync(connection, transaction, coupon!, order, merchant, id, now, cancellationToken);
        return new Outcome(await FindAsync(connection, transaction, id, cancellationToken));
    }

    private static bool Holds(CouponRow coupon, RedemptionOrder order, byte[] merchant) =>
        coupon.State is CouponState.Used && coupon.MerchantId.AsSpan().SequenceEqual(merchant)
        && coupon.OrderId == order.OrderId && coupon.Currency == order.Amount.Currency && coupon.OrderMinor == order.Amount.Minor;

    private static IResult? Refusal(CouponRow? coupon, RedemptionOrder order, HttpRequest request, DateTimeOffset now)
    {
        if (coupon is null) { return CouponAnswers.Unknown(); }
        if (EntityTag.Check(request, coupon.TagAt(now), required: false) is { } moved) { return moved; }
        var benefit = coupon.Benefit;
        var currency = RedemptionRules.Currency(benefit);
        return RedemptionRules.Judge(coupon.StateAt(now), coupon.Rehearsal, benefit, order.Amount) switch
        {
            null => null,
            RedemptionRefusal.NotRedeemable => Problems.Result(ProblemTypes.CouponNotRedeemable),
            RedemptionRefusal.Cancelled => CouponAnswers.Cancelled(coupon),
            RedemptionRefusal.Used => CouponAnswers.Used(coupon, "A coupon is good for one order; take it off this one."),
            RedemptionRefusal.Expired => CouponAnswers.Expired(coupon, " and cannot be redeemed any more"),
            RedemptionRefusal.CurrencyMismatch => Problems.Result(
                ProblemTypes.CurrencyMismatch, $"The coupon is good for orders in {currency} only.", CouponAnswers.Extension("currency", currency!)),
            RedemptionRefusal.BelowMinimum => Problems.Result(
                ProblemTypes.BelowMinimum, $"The order must come to {benefit.MinimumOrder!.Minor} {benefit.MinimumOrder.Currency} (minor units) or more.",
                CouponAnswers.Extension("minimumOrder", benefit.MinimumOrder)),
            var other => throw new InvalidOperationException($"No answer for {other}."),
        };
    }

    private static async Task WriteAsync(
        DbConnection connection, DbTransaction transaction, CouponRow coupon, RedemptionOrder order, byte[] merchant, byte[] id, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var parameters = new
        {
            coupon = coupon.Id,
            coupon.Version,
            id,
            merchant,
            order.OrderId,
            order.Amount.Currency,
            order.Amount.Minor,
            discount = RedemptionRules.Discount(coupon.Benefit, order.Amount.Minor),
            now = now.ToUnixTimeMilliseconds(),
        };
        var changed = await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE coupon SET state = 2, used_at = @now, redemption_id = @id, version = version + 1 WHERE id = @coupon AND state = 1 AND version = @Version",
            parameters, transaction, cancellationToken: cancellationToken));
        if (changed != 1) { throw new InvalidOperationException($"Coupon {coupon.Id} changed under the lock of its redemption."); }
        await connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO redemption (id, coupon_id, merchant_id, order_id, currency, order_minor, discount_minor, redeemed_at)
            VALUES (@id, @coupon, @merchant, @OrderId, @Currency, @Minor, @discount, @now)
            """,
            parameters, transaction, cancellationToken: cancellationToken));
    }

    private static async Task<RedemptionRow> FindAsync(DbConnection connection, DbTransaction transaction, byte[] id, CancellationToken cancellationToken) =>
        await RedemptionRow.FindAsync(connection, transaction, id, "", cancellationToken)
        ?? throw new InvalidOperationException("A redemption that a key or coupon names is gone.");

    private sealed record Outcome(RedemptionRow? Row, IResult? Refusal = null, bool Replayed = false);
}
