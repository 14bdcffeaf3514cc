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
        // Nearly always nothing is due: then no write transaction is begun. Ids first: a server may search the whole table for a subquery of UPDATE.
        var due = await database.ReadAsync(
            async (connection, token) => (await connection.QueryAsync<long>(new CommandDefinition(
                "SELECT id FROM coupon WHERE state = 1 AND expires_at <= @now ORDER BY expires_at LIMIT @max", parameters, cancellationToken: token))).AsList(),
            cancellationToken);
        if (due.Count == 0) { return false; }
        var expired = await database.WriteAsync(
            // The entity tag says expired already: version stays.
            (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                "UPDATE coupon SET state = 4 WHERE state = 1 AND id IN @due", new { due }, transaction, cancellationToken: token)),
            cancellationToken);
        CouponsLog.CouponsExpired(logger, expired);
        return due.Count == options.Value.SweepBatchMax;
    }
}
