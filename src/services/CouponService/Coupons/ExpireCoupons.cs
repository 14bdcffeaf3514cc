using Dapper;
using FirstCome.CouponService.Sweeps;
using FirstCome.Engines.Database;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Coupons;

/// <summary>Writes down which coupons have expired; readers judge by the clock before that, so nobody sees the difference.</summary>
internal sealed class ExpireCoupons(Database database, IOptions<CouponOptions> options, TimeProvider time, ILogger<ExpireCoupons> logger)
    : Sweep("coupon-expiry", options.Value.SweepInterval, time, logger)
{
    private readonly TimeProvider _time = time;

    protected override async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        var parameters = new { now = _time.GetUtcNow().ToUnixTimeMilliseconds(), max = options.Value.SweepBatchMax };
        // Nearly always nothing is due: then no write transaction is begun.
        var due = await database.ReadAsync(
            (connection, token) => connection.QueryFirstOrDefaultAsync<int?>(new CommandDefinition(
                "SELECT 1 FROM coupon WHERE state = 1 AND expires_at <= @now LIMIT 1", parameters, cancellationToken: token)),
            cancellationToken);
        if (due is null) { return false; }
        var expired = await database.WriteAsync(
            // The derived table is for MySQL, which knows no LIMIT in a subquery of IN. The entity tag says expired already: version stays.
            (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE coupon SET state = 4
                WHERE state = 1 AND id IN (SELECT id FROM (SELECT id FROM coupon WHERE state = 1 AND expires_at <= @now ORDER BY expires_at LIMIT @max) AS due)
                """,
                parameters, transaction, cancellationToken: token)),
            cancellationToken);
        CouponsLog.CouponsExpired(logger, expired);
        return expired == options.Value.SweepBatchMax;
    }
}
