using Dapper;
using FirstCome.Contracts.Internal;
using FirstCome.Engines.Database;

namespace FirstCome.CouponService.Coupons;

/// <summary>
/// <c>GET /internal/campaigns/{id}/coupons/summary</c>: how many coupons of a campaign stand in each state, by the clock.
/// Each count is a range of one index, so that millions cost a fraction of a second.
/// </summary>
internal static class CountCoupons
{
    public static async Task<IResult> HandleAsync(Guid id, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        var parameters = new { id = id.ToByteArray(bigEndian: true), now = time.GetUtcNow().ToUnixTimeMilliseconds() };
        var summary = await database.ReadAsync(
            (connection, token) => connection.QuerySingleAsync<(long Issued, long Used, long Cancelled, long Swept, long Due)>(new CommandDefinition(
                """
                SELECT
                    (SELECT COUNT(*) FROM coupon WHERE campaign_id = @id AND state = 1 AND expires_at > @now),
                    (SELECT COUNT(*) FROM coupon WHERE campaign_id = @id AND state = 2),
                    (SELECT COUNT(*) FROM coupon WHERE campaign_id = @id AND state = 3),
                    (SELECT COUNT(*) FROM coupon WHERE campaign_id = @id AND state = 4),
                    (SELECT COUNT(*) FROM coupon WHERE campaign_id = @id AND state = 1 AND expires_at <= @now)
                """,
                parameters, cancellationToken: token)),
            cancellationToken);
        return Results.Ok(new CouponSummary(summary.Issued, summary.Used, summary.Cancelled, summary.Swept + summary.Due));
    }
}
