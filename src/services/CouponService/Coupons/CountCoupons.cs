using Dapper;
using FirstCome.Contracts.Internal;
using FirstCome.Engines.Database;

namespace FirstCome.CouponService.Coupons;

/// <summary><c>GET /internal/campaigns/{id}/coupons/summary</c>: how many coupons of a campaign stand in each state, by the clock; read from an index alone.</summary>
internal static class CountCoupons
{
    public static async Task<IResult> HandleAsync(Guid id, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        var parameters = new { id = id.ToByteArray(bigEndian: true), now = time.GetUtcNow().ToUnixTimeMilliseconds() };
        var counts = await database.ReadAsync(
            (connection, token) => connection.QueryAsync<(CouponState State, long Count)>(new CommandDefinition(
                """
                SELECT state_now, COUNT(*) FROM
                    (SELECT CASE WHEN state = 1 AND expires_at <= @now THEN 4 ELSE state END AS state_now FROM coupon WHERE campaign_id = @id) AS states
                GROUP BY state_now
                """,
                parameters, cancellationToken: token)),
            cancellationToken);
        var byState = counts.ToDictionary(count => count.State, count => count.Count);
        return Results.Ok(new CouponSummary(
            byState.GetValueOrDefault(CouponState.Issued), byState.GetValueOrDefault(CouponState.Used), byState.GetValueOrDefault(CouponState.Cancelled), byState.GetValueOrDefault(CouponState.Expired)));
    }
}
