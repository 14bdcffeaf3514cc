using System.Data.Common;
using Dapper;
using FirstCome.Engines.Database;

namespace FirstCome.CouponService.Issuance;

/// <summary>Why a record did not become a coupon, as <c>coupon_dead_letter.reason</c> has it.</summary>
internal static class DeadLetterReason
{
    /// <summary>It cannot be read, or lacks something.</summary>
    public const string Malformed = "malformed";
    /// <summary>Another coupon stands under its member and nth, its sequence or its code.</summary>
    public const string Conflict = "conflict";
    /// <summary>Its campaign is not here yet; tried again once it is.</summary>
    public const string CampaignUnknown = "campaign-unknown";
}

/// <summary>A record that did not become a coupon; kept as it came, so that nothing is lost silently.</summary>
internal sealed record DeadLetter(IssuedRecord Record, string Reason, string Detail)
{
    private const int DetailLengthMax = 500;

    public static async Task KeepAsync(
        DbConnection connection, DbTransaction transaction, SqlDialect dialect, IReadOnlyList<DeadLetter> letters, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var sql = $"""
            INSERT INTO coupon_dead_letter (log_partition, log_offset, campaign_id, reason, detail, value, created_at)
            VALUES (@partition, @offset, @campaign, @reason, @detail, @value, @now){dialect.KeepExisting("reason")}
            """;
        foreach (var (record, reason, detail) in letters)
        {
            var parameters = new
            {
                partition = record.Position.Partition,
                offset = record.Position.Offset,
                campaign = record.Message?.CampaignId.ToByteArray(bigEndian: true),
                reason,
                detail = detail.Length > DetailLengthMax ? detail[..DetailLengthMax] : detail,
                value = record.Value.ToArray(),
                now = now.ToUnixTimeMilliseconds(),
            };
            await connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: cancellationToken));
        }
    }
}
