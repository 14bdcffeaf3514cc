using Dapper;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Coupons;

/// <summary><c>GET /internal/campaigns/{id}/coupons?sequence=</c>: what became of a sequence, for a claim's life.</summary>
internal static class TraceCoupon
{
    public static async Task<IResult> HandleAsync(Guid id, long sequence, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        var parameters = new { id = id.ToByteArray(bigEndian: true), sequence };
        var row = await database.ReadAsync(
            (connection, token) => connection.QuerySingleOrDefaultAsync<CouponRow>(new CommandDefinition(
                $"{CouponRow.Select}\nWHERE c.campaign_id = @id AND c.sequence = @sequence", parameters, cancellationToken: token)),
            cancellationToken);
        if (row is null) { return Problems.Result(ProblemTypes.NotFound, "No coupon has this sequence."); }
        return Results.Ok(new CouponTrace(
            row.Code, row.StateAt(time.GetUtcNow()).Name(), CouponRow.Instant(row.MadeAt), CouponRow.Instant(row.ExpiresAt),
            row.UsedAt is { } usedAt ? CouponRow.Instant(usedAt) : null, row.CancelledAt is { } cancelledAt ? CouponRow.Instant(cancelledAt) : null));
    }
}
