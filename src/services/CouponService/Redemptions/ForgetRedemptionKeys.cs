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
        // Nearly always nothing is due: then no write transaction is begun. Keys first: a server may search the whole table for a subquery of DELETE.
        var due = await database.ReadAsync(
            async (connection, token) => (await connection.QueryAsync<Due>(new CommandDefinition(
                "SELECT merchant_id AS MerchantId, key_hash AS KeyHash FROM redemption_key WHERE created_at < @before ORDER BY created_at LIMIT @max",
                parameters, cancellationToken: token))).AsList(),
            cancellationToken);
        if (due.Count == 0) { return false; }
        await database.WriteAsync(
            (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM redemption_key WHERE merchant_id = @MerchantId AND key_hash = @KeyHash", due, transaction, cancellationToken: token)),
            cancellationToken);
        return due.Count == options.Value.SweepBatchMax;
    }

    private sealed class Due
    {
        public byte[] MerchantId { get; init; } = [];
        public byte[] KeyHash { get; init; } = [];
    }
}
