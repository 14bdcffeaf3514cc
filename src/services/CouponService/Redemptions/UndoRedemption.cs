using System.Data.Common;
using Dapper;
using FirstCome.Authentication;
using FirstCome.CouponService.Coupons;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Redemptions;

/// <summary>
/// <c>POST /api/coupons/{code}/redemptions/{id}/undo</c>, by the merchant who redeemed: the coupon is free for another order, or expired if its time is over.
/// Undoing again answers the same.
/// </summary>
internal static class UndoRedemption
{
    public static async Task<IResult> HandleAsync(
        string code, Guid id, HttpContext context, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        if (CouponAnswers.Mistyped(code, out var parsed) is { } mistyped) { return mistyped; }
        var merchant = context.Caller().MemberId;
        var key = id.ToByteArray(bigEndian: true);
        var (row, refusal) = await database.WriteAsync<(RedemptionRow? Row, IResult? Refusal)>(
            async (connection, transaction, token) =>
            {
                var found = await RedemptionRow.FindAsync(connection, transaction, key, database.Dialect.ForUpdate, token);
                if (found is null || !found.IsOf(parsed, merchant)) { return (null, GetRedemption.Unknown()); }
                if (found.UndoneAt is not null) { return (found, null); }
                if (EntityTag.Check(context.Request, found.Tag, required: false) is { } moved) { return (null, moved); }
                await WriteAsync(connection, transaction, found, time.GetUtcNow(), token);
                return (await RedemptionRow.FindAsync(connection, transaction, key, "", token), null);
            },
            cancellationToken);
        if (refusal is not null) { return refusal; }
        EntityTag.Set(context.Response, row!.Tag);
        return Results.Ok(row.ToRedemption());
    }

    private static async Task WriteAsync(
        DbConnection connection, DbTransaction transaction, RedemptionRow redemption, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var state = CouponStates.AfterUndo(redemption.ExpiresAt, now);
        var parameters = new { id = redemption.Id, coupon = redemption.CouponId, state, now = now.ToUnixTimeMilliseconds() };
        var undone = await connection.ExecuteAsync(new CommandDefinition(
            "UPDATE redemption SET undone_at = @now WHERE id = @id AND undone_at IS NULL", parameters, transaction, cancellationToken: cancellationToken));
        var freed = await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE coupon SET state = @state, used_at = NULL, redemption_id = NULL, version = version + 1
            WHERE id = @coupon AND state = 2 AND redemption_id = @id
            """,
            parameters, transaction, cancellationToken: cancellationToken));
        if (undone != 1 || freed != 1) { throw new InvalidOperationException($"Coupon {redemption.CouponId} is not held by the redemption to be undone."); }
    }
}
