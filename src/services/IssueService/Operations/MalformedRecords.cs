using System.Globalization;
using FirstCome.Authentication;
using FirstCome.Engines.Database;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;

namespace FirstCome.IssueService.Operations;

/// <summary>A record of <c>coupon.claims</c> that is too broken to name its claim.</summary>
/// <param name="Partition">Where it stands in the log.</param>
/// <param name="Offset">Where it stands in the partition.</param>
/// <param name="Bytes">How long it is; <paramref name="Value"/> may hold less.</param>
/// <param name="Value">Its first bytes, at most <see cref="MalformedRecords.ValueBytesMax"/>, as base64.</param>
internal sealed record MalformedRecord(int Partition, long Offset, string Reason, DateTimeOffset CreatedAt, long Bytes, byte[] Value);

/// <summary><c>GET /api/operations/malformed-records</c>: in the order of the log.</summary>
internal static class MalformedRecords
{
    /// <summary>How much of a record is shown. A claim's record is a few hundred bytes; a page of 200 stays below 1.1 MiB.</summary>
    public const int ValueBytesMax = 4_096;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/operations/malformed-records", HandleAsync)
        .RequireRole(Role.Operator).WithName("ListMalformedRecords").WithTags("Operations")
        .WithSummary("Records of the claims' log that are no claims, raw, in the order of the log.")
        .Produces<Page<MalformedRecord>>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403);

    private static async Task<IResult> HandleAsync(PageRequest page, Database ledger, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var answer = await ReadAsync(page, ledger, errors, cancellationToken);
        return answer is null ? errors.ToResult() : Results.Ok(answer);
    }

    /// <summary>A page; null where the request is wrong, and <paramref name="errors"/> says how.</summary>
    internal static async Task<Page<MalformedRecord>?> ReadAsync(PageRequest page, Database ledger, FieldErrors errors, CancellationToken cancellationToken)
    {
        var (partition, offset) = (-1, -1L);
        if (page.TryDecodeAfter(2, out var parts, errors) && parts is not null
            && !(int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out partition)
                && long.TryParse(parts[1], NumberStyles.None, CultureInfo.InvariantCulture, out offset)))
        {
            errors.Add("after", Cursor.Rule);
        }
        if (errors.Any) { return null; }
        var found = await ledger.ReadAsync(async (connection, token) =>
        {
            var records = new List<MalformedRecord>();
            await using var command = LedgerValues.Command(
                connection, null,
                $"""
                SELECT log_partition, log_offset, reason, created_at, LENGTH(value), SUBSTR(value, 1, {ValueBytesMax}) FROM malformed_record
                WHERE log_partition > @partition OR (log_partition = @partition AND log_offset > @offset)
                ORDER BY log_partition, log_offset LIMIT @limit
                """, ("@partition", partition), ("@offset", offset), ("@limit", page.Limit + 1));
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token))
            {
                records.Add(new MalformedRecord(
                    rows.GetInt32(0), rows.GetInt64(1), rows.GetString(2), DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(3)), rows.GetInt64(4),
                    rows.GetFieldValue<byte[]>(5)));
            }
            return records;
        }, cancellationToken);
        var items = found.Take(page.Limit).ToList();
        var next = found.Count > page.Limit
            ? Cursor.Encode(items[^1].Partition.ToString(CultureInfo.InvariantCulture), items[^1].Offset.ToString(CultureInfo.InvariantCulture))
            : null;
        return new Page<MalformedRecord>(items, next);
    }
}
