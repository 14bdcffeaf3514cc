using System.Data.Common;
using Dapper;
using FirstCome.CouponService.Coupons;
using FirstCome.CouponService.Sweeps;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Issuance;

/// <summary>
/// Looks after the records that are kept: says how many there are, and makes the coupons of those whose campaign was unknown when they came, once it is known.
/// </summary>
internal sealed class RetryWaiting(
    Database database, IssueCoupons issue, IssuanceHealth health, IOptions<CouponOptions> options, TimeProvider time, ILogger<RetryWaiting> logger)
    : Sweep("waiting-records", options.Value.SweepInterval, time, logger)
{
    protected override async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        var max = options.Value.SweepBatchMax;
        var (broken, waiting, ready) = await database.ReadAsync(CountAsync, cancellationToken);
        health.Keeps(broken, waiting);
        if (!ready) { return false; }
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

    private static async Task<(long Broken, long Waiting, bool Ready)> CountAsync(DbConnection connection, CancellationToken cancellationToken)
    {
        var reason = DeadLetterReason.CampaignUnknown;
        var (broken, waiting) = await connection.QuerySingleAsync<(long, long)>(new CommandDefinition(
            "SELECT (SELECT COUNT(*) FROM coupon_dead_letter WHERE reason <> @reason), (SELECT COUNT(*) FROM coupon_dead_letter WHERE reason = @reason)",
            new { reason }, cancellationToken: cancellationToken));
        if (waiting == 0) { return (broken, waiting, false); }
        var ready = await connection.QueryFirstOrDefaultAsync<int?>(new CommandDefinition(
            "SELECT 1 FROM coupon_dead_letter letter JOIN campaign ON campaign.id = letter.campaign_id WHERE letter.reason = @reason LIMIT 1",
            new { reason }, cancellationToken: cancellationToken));
        return (broken, waiting, ready is not null);
    }

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
                "DELETE FROM coupon_dead_letter WHERE log_partition = @LogPartition AND log_offset = @LogOffset",
                row, transaction, cancellationToken: cancellationToken));
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
