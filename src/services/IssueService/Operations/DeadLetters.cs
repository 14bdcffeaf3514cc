using System.Data.Common;
using System.Globalization;
using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Coupons;
using FirstCome.Contracts.Messages;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Orders;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;

namespace FirstCome.IssueService.Operations;

/// <summary>A claim that could not become an issued row of the ledger.</summary>
/// <param name="State"><c>open</c>, <c>redriven</c> or <c>rejected</c>.</param>
internal sealed record DeadLetter(
    Guid Id, Guid CampaignId, long Sequence, Guid MemberId, int Nth, int Generation, DateTimeOffset AcceptedAt, string Reason, string Detail, string State, DateTimeOffset CreatedAt,
    DateTimeOffset? ClosedAt, string? ClosedReason);

/// <summary>Why an operator rejects a claim; 1 to 200 characters, shown to the member.</summary>
internal sealed record RejectDeadLetter(string Reason);

/// <summary>
/// <c>/api/operations/dead-letters</c>: the list, the re-drive (the ledger tries the row again) and the rejection. A closed letter answers the same again.
/// </summary>
internal sealed class DeadLetters(Database ledger, IEventLog log, ReleasePlace release, TimeProvider time)
{
    private const string Columns = """
        id, campaign_id, sequence, member_id, nth, generation, accepted_at, reason, detail, state, created_at, closed_at, closed_reason, key_hash, log_partition, log_offset, has_row
        """;

    public static void Map(IEndpointRouteBuilder routes)
    {
        var group = routes.MapGroup("/api/operations/dead-letters").RequireRole(Role.Operator).WithTags("Operations");
        group.MapGet("", ListAsync).WithName("ListDeadLetters").WithSummary("Dead letters, newest first.")
            .WithDescription("`state` is one of open (waits for an operator), redriven, rejected; `campaign` is a campaign's id. Without them: all.")
            .Produces<Page<DeadLetter>>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403);
        group.MapPost("/{id:guid}/redrive", (Guid id, HttpContext context, DeadLetters letters) => letters.RedriveAsync(id, context.Caller().MemberId, context.RequestAborted))
            .WithName("RedriveDeadLetter").WithSummary("Tries once more to issue the claim.").Produces<DeadLetter>().ProducesProblem(404).ProducesProblem(409);
        group.MapPost("/{id:guid}/reject", (Guid id, RejectDeadLetter request, HttpContext context, DeadLetters letters) => letters.RejectAsync(id, request, context.Caller().MemberId, context.RequestAborted))
            .WithName("RejectDeadLetter").WithSummary("Refuses the claim for good; the member sees the reason.").Produces<DeadLetter>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> ListAsync(string? campaign, string? state, PageRequest page, Database ledger, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        Guid? campaignId = null;
        if (campaign is not null) { if (Guid.TryParseExact(campaign, "D", out var parsed)) { campaignId = parsed; } else { errors.Add("campaign", "must be a campaign's id"); } }
        var chosen = StateOf(state);
        if (state is not null && chosen is null) { errors.Add("state", "must be one of open, redriven, rejected"); }
        (long CreatedAt, byte[] Id) after = (long.MaxValue, []);
        if (page.TryDecodeAfter(2, out var parts, errors) && parts is not null)
        {
            if (long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at) && Guid.TryParseExact(parts[1], "N", out var last)) { after = (at, LedgerValues.Id(last)); }
            else { errors.Add("after", Cursor.Rule); }
        }
        if (errors.Any) { return errors.ToResult(); }
        var found = await ledger.ReadAsync(async (connection, token) =>
        {
            await using var command = LedgerValues.Command(
                connection, null,
                $"""
                SELECT {Columns} FROM dead_letter WHERE (created_at < @at OR (created_at = @at AND id < @last)){(campaignId is null ? "" : " AND campaign_id = @campaign")}{(chosen is null ? "" : " AND state = @state")}
                ORDER BY created_at DESC, id DESC LIMIT @limit
                """, ("@at", after.CreatedAt), ("@last", after.Id), ("@limit", page.Limit + 1));
            if (campaignId is { } id) { LedgerValues.Bind(command, "@campaign", LedgerValues.Id(id)); }
            if (chosen is { } wanted) { LedgerValues.Bind(command, "@state", wanted); }
            var letters = new List<Row>();
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { letters.Add(Row.Read(rows)); }
            return letters;
        }, cancellationToken);
        var items = found.Take(page.Limit).Select(row => row.Letter).ToList();
        var next = found.Count > page.Limit ? Cursor.Encode(items[^1].CreatedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), items[^1].Id.ToString("N")) : null;
        return Results.Ok(new Page<DeadLetter>(items, next));
    }

    internal async Task<IResult> RedriveAsync(Guid id, Guid by, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        CouponIssued? issued = null;
        var (row, refusal) = await ledger.WriteAsync<(Row?, string?)>(async (connection, transaction, token) =>
        {
            var letter = await FindAsync(connection, transaction, id, token);
            if (letter is null || letter.State == DeadLetterState.Rejected) { return (letter, letter is null ? null : "It was rejected; that is final."); }
            if (letter.State == DeadLetterState.Open && await IssueAsync(connection, transaction, letter, now, token) is { } why) { return (letter, why); }
            issued = await IssuedAsync(connection, transaction, letter.Letter, token);
            return letter.State == DeadLetterState.Open
                ? (await CloseAsync(connection, transaction, letter, DeadLetterState.Redriven, by, "issued by a re-drive", now, token), null)
                : (letter, null);
        }, cancellationToken);
        if (row is null) { return Problems.Result(ProblemTypes.NotFound); }
        if (refusal is not null) { return Problems.Result(ProblemTypes.Conflict, refusal); }
        // Told again by every repetition: CouponService keeps the first.
        if (issued is not null) { await log.ProduceAsync(Topics.CouponIssued, [new LogRecord(issued.MemberId.ToString("N"), JsonSerializer.SerializeToUtf8Bytes(issued, MessageJson.Default.CouponIssued))], cancellationToken); }
        return Results.Ok(row.Letter);
    }

    private async Task<IResult> RejectAsync(Guid id, RejectDeadLetter request, Guid by, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var reason = RequestText.Clean(request.Reason, 1, 200, errors, "reason");
        if (errors.Any) { return errors.ToResult(); }
        var now = time.GetUtcNow();
        var (row, releases) = await ledger.WriteAsync<(Row?, bool)>(async (connection, transaction, token) =>
        {
            var letter = await FindAsync(connection, transaction, id, token);
            if (letter is not { State: DeadLetterState.Open }) { return (letter, false); }
            if (letter.HasRow)
            {
                await using var update = LedgerValues.Command(
                    connection, transaction, $"UPDATE claim SET state = {ClaimRowState.Rejected}, reason = @reason WHERE campaign_id = @campaign AND sequence = @sequence",
                    ("@reason", reason), ("@campaign", LedgerValues.Id(letter.Letter.CampaignId)), ("@sequence", letter.Letter.Sequence));
                await update.ExecuteNonQueryAsync(token);
            }
            var campaign = await LedgerCampaigns.FindAsync(connection, transaction, letter.Letter.CampaignId, "", token);
            return (await CloseAsync(connection, transaction, letter, DeadLetterState.Rejected, by, reason, now, token), letter.HasRow && campaign is { Document.ReleaseCancelled: true });
        }, cancellationToken);
        if (row is null) { return Problems.Result(ProblemTypes.NotFound); }
        if (row.State == DeadLetterState.Redriven) { return Problems.Result(ProblemTypes.Conflict, "It was issued by a re-drive; cancel the coupon instead."); }
        var rejected = row.Letter;
        await log.ProduceAsync(Topics.ClaimReviewed, [new LogRecord(
            rejected.MemberId.ToString("N"),
            JsonSerializer.SerializeToUtf8Bytes(
                new ClaimReviewed(rejected.CampaignId, rejected.MemberId, rejected.Nth, rejected.Sequence, ClaimState.Rejected, rejected.ClosedReason ?? "", now), MessageJson.Default.ClaimReviewed))], cancellationToken);
        if (releases) { await release.RunAsync(rejected.CampaignId, rejected.Sequence, cancellationToken); }
        return Results.Ok(rejected);
    }

    // Null when the row is issued now; otherwise why it cannot be.
    private async Task<string?> IssueAsync(DbConnection connection, DbTransaction transaction, Row row, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var letter = row.Letter;
        (string, object?)[] named =
        [
            ("@campaign", LedgerValues.Id(letter.CampaignId)), ("@sequence", letter.Sequence), ("@member", LedgerValues.Id(letter.MemberId)), ("@nth", letter.Nth), ("@hash", row.KeyHash),
            ("@generation", letter.Generation), ("@accepted", letter.AcceptedAt.ToUnixTimeMilliseconds()), ("@now", now.ToUnixTimeMilliseconds()), ("@code", CouponCode.Create()),
            ("@partition", row.LogPartition), ("@offset", row.LogOffset),
        ];
        var campaign = await LedgerCampaigns.FindAsync(connection, transaction, letter.CampaignId, ledger.Dialect.ForUpdate, cancellationToken);
        if (campaign is null) { return "The ledger does not know the campaign."; }
        if (campaign.Taken >= campaign.Limit) { return "Every place is taken: raise the quota, or reject the claim."; }
        if (campaign.Document.Audience.Any(condition => condition.Kind == AudienceCondition.FirstInGroupKind))
        {
            await using var first = LedgerValues.Command(
                connection, transaction, "SELECT sequence FROM group_member WHERE group_name = @group AND member_id = @member AND NOT (campaign_id = @campaign AND sequence = @sequence)",
                [("@group", campaign.Document.Group), .. named]);
            if (await first.ExecuteScalarAsync(cancellationToken) is not null) { return "The member holds a coupon of the group already; reject this one."; }
        }
        if (!row.HasRow)
        {
            await using var clash = LedgerValues.Command(
                connection, transaction, "SELECT sequence FROM claim WHERE campaign_id = @campaign AND (sequence = @sequence OR (member_id = @member AND (nth = @nth OR key_hash = @hash)))", named);
            if (await clash.ExecuteScalarAsync(cancellationToken) is { } other) { return $"Claim {other} stands in its place; reject this one."; }
        }
        await using var write = LedgerValues.Command(
            connection, transaction,
            row.HasRow
                ? $"UPDATE claim SET state = {ClaimRowState.Issued}, issued_at = @now, reason = NULL WHERE campaign_id = @campaign AND sequence = @sequence"
                : $"""
                  INSERT INTO claim ({ClaimRow.Columns})
                  VALUES (@campaign, @sequence, @member, @nth, @hash, @generation, {ClaimRowState.Issued}, @accepted, @now, @code, NULL, @partition, @offset)
                  """, named);
        await write.ExecuteNonQueryAsync(cancellationToken);
        await using var taken = LedgerValues.Command(connection, transaction, "UPDATE campaign SET taken = taken + 1 WHERE campaign_id = @campaign", named);
        await taken.ExecuteNonQueryAsync(cancellationToken);
        return null;
    }

    private static async Task<CouponIssued> IssuedAsync(DbConnection connection, DbTransaction transaction, DeadLetter letter, CancellationToken cancellationToken)
    {
        await using var command = LedgerValues.Command(
            connection, transaction, $"SELECT {ClaimRow.Columns} FROM claim WHERE campaign_id = @campaign AND sequence = @sequence",
            ("@campaign", LedgerValues.Id(letter.CampaignId)), ("@sequence", letter.Sequence));
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        if (!await rows.ReadAsync(cancellationToken)) { throw new InvalidOperationException($"The ledger has lost claim {letter.Sequence} of campaign {letter.CampaignId}."); }
        return ClaimRow.Read(rows).ToIssued();
    }

    // Locked: of two operators at once the second finds the letter closed.
    private async Task<Row?> FindAsync(DbConnection connection, DbTransaction transaction, Guid id, CancellationToken cancellationToken)
    {
        await using var command = LedgerValues.Command(connection, transaction, $"SELECT {Columns} FROM dead_letter WHERE id = @id{ledger.Dialect.ForUpdate}", ("@id", LedgerValues.Id(id)));
        await using var rows = await command.ExecuteReaderAsync(cancellationToken);
        return await rows.ReadAsync(cancellationToken) ? Row.Read(rows) : null;
    }

    private static async Task<Row> CloseAsync(DbConnection connection, DbTransaction transaction, Row row, int state, Guid by, string reason, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var command = LedgerValues.Command(
            connection, transaction, "UPDATE dead_letter SET state = @state, closed_at = @now, closed_by = @by, closed_reason = @reason WHERE id = @id",
            ("@id", LedgerValues.Id(row.Letter.Id)), ("@state", state), ("@now", now.ToUnixTimeMilliseconds()), ("@by", LedgerValues.Id(by)), ("@reason", reason));
        await command.ExecuteNonQueryAsync(cancellationToken);
        return row with { State = state, Letter = row.Letter with { State = StateName(state), ClosedAt = now, ClosedReason = reason } };
    }

    private static string StateName(int state) => state switch { DeadLetterState.Open => "open", DeadLetterState.Redriven => "redriven", _ => "rejected" };

    private static int? StateOf(string? name) => name switch { "open" => DeadLetterState.Open, "redriven" => DeadLetterState.Redriven, "rejected" => DeadLetterState.Rejected, _ => null };

    private sealed record Row(DeadLetter Letter, int State, byte[] KeyHash, int LogPartition, long LogOffset, bool HasRow)
    {
        public static Row Read(DbDataReader row) => new(
            new DeadLetter(
                LedgerValues.Id(row, 0), LedgerValues.Id(row, 1), row.GetInt64(2), LedgerValues.Id(row, 3), row.GetInt32(4), row.GetInt32(5), At(row.GetInt64(6)), row.GetString(7), row.GetString(8),
                StateName(row.GetInt32(9)), At(row.GetInt64(10)), row.IsDBNull(11) ? null : At(row.GetInt64(11)), row.IsDBNull(12) ? null : row.GetString(12)),
            row.GetInt32(9), row.GetFieldValue<byte[]>(13), row.GetInt32(14), row.GetInt64(15), row.GetInt64(16) != 0);

        private static DateTimeOffset At(long milliseconds) => DateTimeOffset.FromUnixTimeMilliseconds(milliseconds);
    }
}
