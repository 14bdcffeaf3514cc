using System.Globalization;
using Dapper;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Issuance;

/// <summary><c>GET /api/operations/coupon-dead-letters</c>: records of <c>coupon.issued</c> that did not become a coupon, in the order of the log.</summary>
internal static class ListDeadLetters
{
    /// <summary>How much of a record is shown. A record is a few hundred bytes; a page of 200 stays below 1.1 MiB.</summary>
    private const int ValueBytesMax = 4_096;

    /// <param name="Partition">Where it stands in the log.</param>
    /// <param name="Offset">Where it stands in the partition.</param>
    /// <param name="CampaignId">Null where it does not say.</param>
    /// <param name="Reason"><c>malformed</c>, <c>conflict</c>, or <c>campaign-unknown</c>, which is tried again as soon as the campaign is there.</param>
    /// <param name="Bytes">How long the record is; <paramref name="Value"/> may hold less.</param>
    /// <param name="Value">Its first bytes, as base64.</param>
    internal sealed record CouponDeadLetter(int Partition, long Offset, Guid? CampaignId, string Reason, string Detail, DateTimeOffset CreatedAt, long Bytes, byte[] Value);

    public static async Task<IResult> HandleAsync(PageRequest page, Database database, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var (partition, offset) = (-1, -1L);
        if (page.TryDecodeAfter(2, out var parts, errors) && parts is not null
            && !(int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out partition)
                && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out offset)))
        {
            errors.Add("after", Cursor.Rule);
        }
        if (errors.Any) { return errors.ToResult(); }
        var sql = $"""
            SELECT log_partition AS LogPartition, log_offset AS LogOffset, campaign_id AS CampaignId, reason AS Reason, detail AS Detail, created_at AS CreatedAt,
                LENGTH(value) AS Bytes, SUBSTR(value, 1, {ValueBytesMax}) AS Value
            FROM coupon_dead_letter
            WHERE log_partition > @partition OR (log_partition = @partition AND log_offset > @offset)
            ORDER BY log_partition, log_offset LIMIT @limit
            """;
        var found = (await database.ReadAsync(
            (connection, token) => connection.QueryAsync<Row>(new CommandDefinition(sql, new { partition, offset, limit = page.Limit + 1 }, cancellationToken: token)),
            cancellationToken)).ToList();
        var items = found.Take(page.Limit).Select(row => row.ToLetter()).ToList();
        var next = found.Count > page.Limit
            ? Cursor.Encode(items[^1].Partition.ToString(CultureInfo.InvariantCulture), items[^1].Offset.ToString(CultureInfo.InvariantCulture))
            : null;
        return Results.Json(new Page<CouponDeadLetter>(items, next), ApiJson.Options);
    }

    private sealed class Row
    {
        public int LogPartition { get; init; }
        public long LogOffset { get; init; }
        public byte[]? CampaignId { get; init; }
        public string Reason { get; init; } = "";
        public string Detail { get; init; } = "";
        public long CreatedAt { get; init; }
        public long Bytes { get; init; }
        public byte[] Value { get; init; } = [];

        public CouponDeadLetter ToLetter() => new(
            LogPartition, LogOffset, CampaignId is null ? null : new Guid(CampaignId, bigEndian: true), Reason, Detail, DateTimeOffset.FromUnixTimeMilliseconds(CreatedAt), Bytes, Value);
    }
}
