using System.Globalization;
using System.Text;
using FirstCome.Authentication;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.IssueService.Campaigns;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;

namespace FirstCome.IssueService.Operations;

/// <summary><c>GET /api/campaigns/{id}/claims</c> for operators: the ledger's rows in the order of acceptance, as pages or, with <c>Accept: text/csv</c>, streamed whole.</summary>
internal static class ListClaims
{
    private const int CsvChunk = 1_000;

    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/campaigns/{id}/claims", HandleAsync)
        .RequireRole(Role.Operator).WithName("ListClaims").WithTags("Operations").WithSummary("The claims of a campaign in the ledger, by sequence; also as text/csv.")
        .Produces<Page<Claim>>().Produces<string>(contentType: "text/csv").ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);

    private static async Task<IResult> HandleAsync(string id, string? member, string? sequence, PageRequest page, HttpContext context, CampaignDirectory directory, Database ledger)
    {
        if (await KnownAsync(id, directory, context.RequestAborted) is not { } campaign) { return Problems.Result(ProblemTypes.CampaignUnknown); }
        var errors = new FieldErrors();
        Guid? memberId = null;
        long? number = null;
        if (member is not null) { if (Guid.TryParseExact(member, "D", out var parsed)) { memberId = parsed; } else { errors.Add("member", "must be a member's id"); } }
        if (sequence is not null) { if (long.TryParse(sequence, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) && parsed > 0) { number = parsed; } else { errors.Add("sequence", "must be a number from 1"); } }
        long after = 0;
        if (page.TryDecodeAfter(1, out var parts, errors) && parts is not null && !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out after)) { errors.Add("after", Cursor.Rule); }
        if (errors.Any) { return errors.ToResult(); }
        if (context.Request.GetTypedHeaders().Accept.Any(accept => accept.MediaType.Equals("text/csv", StringComparison.OrdinalIgnoreCase)))
        {
            // A ledger that cannot be read is a refusal, and no file that breaks off behind its first line.
            var first = await ReadAsync(ledger, campaign, memberId, number, 0, CsvChunk, context.RequestAborted);
            return Results.Stream(stream => WriteCsvAsync(stream, first, campaign, memberId, number, ledger, context.RequestAborted), "text/csv; charset=utf-8");
        }
        var rows = await ReadAsync(ledger, campaign, memberId, number, after, page.Limit + 1, context.RequestAborted);
        var items = rows.Take(page.Limit).Select(row => row.ToClaim()).ToList();
        return Results.Ok(new Page<Claim>(items, rows.Count > page.Limit ? Cursor.Encode(items[^1].Sequence.ToString(CultureInfo.InvariantCulture)) : null));
    }

    /// <summary>The campaign's id where an operator may look at it, rehearsals too; null for an unknown one or a draft.</summary>
    internal static async ValueTask<Guid?> KnownAsync(string id, CampaignDirectory directory, CancellationToken cancellationToken) =>
        Guid.TryParseExact(id, "D", out var campaign) && await directory.FindAsync(campaign, cancellationToken) is { Snapshot.Phase: not Contracts.Campaigns.CampaignPhase.Draft } ? campaign : null;

    private static Task<List<ClaimRow>> ReadAsync(Database ledger, Guid campaign, Guid? member, long? sequence, long after, int limit, CancellationToken cancellationToken) =>
        ledger.ReadAsync(async (connection, token) =>
        {
            var sql = new StringBuilder($"SELECT {ClaimRow.Columns} FROM claim WHERE campaign_id = @campaign AND sequence > @after");
            await using var command = LedgerValues.Command(connection, null, "", ("@campaign", LedgerValues.Id(campaign)), ("@after", after), ("@limit", limit));
            if (member is { } memberId) { sql.Append(" AND member_id = @member"); LedgerValues.Bind(command, "@member", LedgerValues.Id(memberId)); }
            if (sequence is { } number) { sql.Append(" AND sequence = @sequence"); LedgerValues.Bind(command, "@sequence", number); }
            command.CommandText = sql.Append(" ORDER BY sequence LIMIT @limit").ToString();
            var rows = new List<ClaimRow>();
            await using var found = await command.ExecuteReaderAsync(token);
            while (await found.ReadAsync(token)) { rows.Add(ClaimRow.Read(found)); }
            return rows;
        }, cancellationToken);

    private static async Task WriteCsvAsync(Stream stream, List<ClaimRow> rows, Guid campaign, Guid? member, long? sequence, Database ledger, CancellationToken cancellationToken)
    {
        await using var writer = new StreamWriter(stream, new UTF8Encoding(false), leaveOpen: true);
        await writer.WriteLineAsync("sequence,memberId,nth,state,acceptedAt,issuedAt,couponCode,generation".AsMemory(), cancellationToken);
        while (true)
        {
            foreach (var row in rows)
            {
                var claim = row.ToClaim();
                await writer.WriteLineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{row.Sequence},{row.MemberId},{row.Nth},{StateName(claim.State)},{claim.AcceptedAt:yyyy-MM-ddTHH:mm:ss.fffZ},{claim.IssuedAt:yyyy-MM-ddTHH:mm:ss.fffZ},{claim.CouponCode},{row.Generation}").AsMemory(), cancellationToken);
            }
            if (rows.Count < CsvChunk) { break; }
            rows = await ReadAsync(ledger, campaign, member, sequence, rows[^1].Sequence, CsvChunk, cancellationToken);
        }
    }

    private static string StateName(ClaimState state) => state switch { ClaimState.Issued => "issued", ClaimState.UnderReview => "underReview", ClaimState.Rejected => "rejected", _ => "accepted" };
}
