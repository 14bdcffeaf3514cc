using System.Data.Common;
using Dapper;
using FirstCome.CouponService.Coupons;
using FirstCome.CouponService.Sweeps;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Issuance;

/// <summary>Makes the coupons of records whose campaign was unknown when they came, once it is known.</summary>
internal sealed class RetryWaiting(Database database, IssueCoupons issue, IOptions<CouponOptions> options, TimeProvider time, ILogger<RetryWaiting> logger)
    : Sweep("waiting-records", options.Value.SweepInterval, time, logger)
{
    protected override async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        var max = options.Value.SweepBatchMax;
        // Nearly always nothing waits: then no write transaction is begun.
        if (!await database.ReadAsync(AnyAsync, cancellationToken)) { return false; }
        var (found, batch) = await database.WriteAsync(
            async (connection, transaction, token) =>
            {
                var records = await TakeAsync(connection, transaction, max, token);
                return (records.Count, await issue.IssueAsync(connection, transaction, records, token));
            },
            cancellationToken);
        issue.Tell(batch);
        IssuanceLog.WaitingIssued(logger, batch.Made);
        return found == max;
    }

    private static async Task<bool> AnyAsync(DbConnection connection, CancellationToken cancellationToken) =>
        await connection.QueryFirstOrDefaultAsync<int?>(new CommandDefinition(
            """
            SELECT 1 FROM coupon_dead_letter letter JOIN campaign ON campaign.id = letter.campaign_id
            WHERE letter.reason = @reason LIMIT 1
            """,
            new { reason = DeadLetterReason.CampaignUnknown }, cancellationToken: cancellationToken)) is not null;

    private static async Task<List<IssuedRecord>> TakeAsync(DbConnection connection, DbTransaction transaction, int max, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<Waiting>(new CommandDefinition(
            """
            SELECT letter.log_partition AS LogPartition, letter.log_offset AS LogOffset, letter.value AS Value
            FROM coupon_dead_letter letter JOIN campaign ON campaign.id = letter.campaign_id
            WHERE letter.reason = @reason ORDER BY letter.log_partition, letter.log_offset LIMIT @max
            """,
            new { reason = DeadLetterReason.CampaignUnknown, max }, transaction, cancellationToken: cancellationToken));
        var records = new List<IssuedRecord>();
        foreach (var row in rows)
        {
            await connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM coupon_dead_letter WHERE log_partition = @LogPartition AND log_offset = @LogOffset", row, transaction, cancellationToken: cancellationToken));
            records.Add(IssuedRecord.Parse(new LogPosition(row.LogPartition, row.LogOffset), row.Value));
        }
        return records;
    }

    private sealed class Waiting
    {
        public int LogPartition { get; init; }
        public long LogOffset { get; init; }
        public byte[] Value { get; init; } = [];
    }
}
