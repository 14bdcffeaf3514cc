using System.Data.Common;
using Dapper;
using FirstCome.Engines.Database;

namespace FirstCome.CouponService.Redemptions;

/// <summary>A row of <c>redemption_key</c>: which request a merchant's idempotency key belongs to, and what came of it.</summary>
internal sealed class RedemptionKey
{
    public byte[] RequestHash { get; init; } = [];
    public byte[] RedemptionId { get; init; } = [];

    /// <summary>Writes the key for a redemption to come, unless it stands already; answers with what stands.</summary>
    public static async Task<RedemptionKey> TakeAsync(
        DbConnection connection, DbTransaction transaction, SqlDialect dialect, byte[] merchant, RedemptionOrder order, byte[] redemptionId, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var parameters = new { merchant, order.KeyHash, order.RequestHash, redemptionId, now = now.ToUnixTimeMilliseconds() };
        await connection.ExecuteAsync(new CommandDefinition(
            $"""
            INSERT INTO redemption_key (merchant_id, key_hash, request_hash, redemption_id, created_at)
            VALUES (@merchant, @KeyHash, @RequestHash, @redemptionId, @now){dialect.KeepExisting("created_at")}
            """,
            parameters, transaction, cancellationToken: cancellationToken));
        return await connection.QuerySingleAsync<RedemptionKey>(new CommandDefinition(
            "SELECT request_hash AS RequestHash, redemption_id AS RedemptionId FROM redemption_key WHERE merchant_id = @merchant AND key_hash = @KeyHash",
            parameters, transaction, cancellationToken: cancellationToken));
    }

    /// <summary>Lets the key name a redemption that stood before.</summary>
    public static Task PointAsync(
        DbConnection connection, DbTransaction transaction, byte[] merchant, RedemptionOrder order, byte[] redemptionId, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            "UPDATE redemption_key SET redemption_id = @redemptionId WHERE merchant_id = @merchant AND key_hash = @KeyHash",
            new { merchant, order.KeyHash, redemptionId }, transaction, cancellationToken: cancellationToken));

    /// <summary>Forgets the key of a refused request: refusals are not kept.</summary>
    public static Task GiveBackAsync(
        DbConnection connection, DbTransaction transaction, byte[] merchant, RedemptionOrder order, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            "DELETE FROM redemption_key WHERE merchant_id = @merchant AND key_hash = @KeyHash",
            new { merchant, order.KeyHash }, transaction, cancellationToken: cancellationToken));
}
