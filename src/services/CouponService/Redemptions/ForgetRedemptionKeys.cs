using Dapper;
using FirstCome.CouponService.Coupons;
using FirstCome.CouponService.Sweeps;
using FirstCome.Engines.Database;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Redemptions;

/// <summary>Deletes idempotency keys past their time. The redemptions stay, and the same order of a merchant stays a repetition.</summary>
internal sealed class ForgetRedemptionKeys(Database database, IOptions<CouponOptions> options, TimeProvider time, ILogger<ForgetRedemptionKeys> logger)
    : Sweep("redemption-keys", options.Value.SweepInterval, time, logger)
{
    private readonly TimeProvider _time = time;

    protected override async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        var before = (_time.GetUtcNow() - options.Value.RedemptionKeyRetention).ToUnixTimeMilliseconds();
        var parameters = new { before, max = options.Value.SweepBatchMax };
        // Nearly always nothing is due: then no write transaction is begun.
        var due = await database.ReadAsync(
            (connection, token) => connection.QueryFirstOrDefaultAsync<int?>(new CommandDefinition(
                "SELECT 1 FROM redemption_key WHERE created_at < @before LIMIT 1", parameters, cancellationToken: token)),
            cancellationToken);
        if (due is null) { return false; }
        var forgotten = await database.WriteAsync(
            (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                """
                DELETE FROM redemption_key WHERE (merchant_id, key_hash) IN
                    (SELECT merchant_id, key_hash FROM
                        (SELECT merchant_id, key_hash FROM redemption_key WHERE created_at < @before ORDER BY created_at LIMIT @max) AS due)
                """,
                parameters, transaction, cancellationToken: token)),
            cancellationToken);
        return forgotten == options.Value.SweepBatchMax;
    }
}
