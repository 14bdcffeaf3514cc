using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Dapper;
using FirstCome.Authentication;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Administration;

/// <summary>A line of the audit trail.</summary>
/// <param name="By">The account that did it.</param>
/// <param name="ByName">Its display name of today; null once it is erased.</param>
/// <param name="Action">Such as <c>roles</c>, <c>lock</c>, <c>keys-rotate</c>.</param>
/// <param name="MemberId">To whom; null where it concerns no single member.</param>
/// <param name="MemberName">The member's display name of today; null where there is no member, or it is erased.</param>
/// <param name="CampaignId">For which campaign; null where it concerns none.</param>
/// <param name="Before">What stood before; null where nothing did, and once the member is erased.</param>
/// <param name="After">What stands since; null where nothing does, and once the member is erased.</param>
internal sealed record AuditLine(
    DateTimeOffset At, Guid By, string? ByName, string Action, Guid? MemberId, string? MemberName, Guid? CampaignId,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] JsonElement? Before,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] JsonElement? After);

/// <summary><c>GET /api/users/audit?member=&amp;actor=</c>, for admins: the table <c>administrative_change</c>, newest first.</summary>
internal static class ReadAudit
{
    public static void Map(IEndpointRouteBuilder routes) => routes
        .MapGet("/api/users/audit", HandleAsync).RequireRole(Role.Admin)
        .WithName("ReadAudit").WithTags("Administration").WithSummary("What staff did")
        .WithDescription("Who changed whose roles, attributes or lock, who rotated keys, who made members of rehearsals; the newest first. Of one member with "
            + "?member=, by one account with ?actor=, or both.")
        .Produces<Page<AuditLine>>().ProducesProblems(400, 401, 403, 503);

    private static async Task<IResult> HandleAsync(string? member, string? actor, PageRequest page, HttpContext context, Database database)
    {
        var errors = new FieldErrors();
        var memberId = Id(member, "member", errors);
        var actorId = Id(actor, "actor", errors);
        var before = long.MaxValue;
        if (page.TryDecodeAfter(1, out var parts, errors) && parts is not null
            && !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            errors.Add("after", Cursor.Rule);
        }
        if (errors.Any) { return errors.ToResult(); }
        var parameters = new { before, member = memberId, actor = actorId, limit = page.Limit + 1 };
        var sql = $"""
            SELECT c.change_id AS ChangeId, c.changed_at AS ChangedAt, c.changed_by AS ChangedBy, a.display_name AS ByName, c.action AS Action,
                c.member_id AS MemberId, m.display_name AS MemberName, c.campaign_id AS CampaignId, c.before_document AS BeforeDocument,
                c.after_document AS AfterDocument
            FROM administrative_change c
            LEFT JOIN member a ON a.member_id = c.changed_by AND a.erased_at IS NULL
            LEFT JOIN member m ON m.member_id = c.member_id AND m.erased_at IS NULL
            WHERE c.change_id < @before{(memberId is null ? "" : " AND c.member_id = @member")}{(actorId is null ? "" : " AND c.changed_by = @actor")}
            ORDER BY c.change_id DESC LIMIT @limit
            """;
        var rows = (await database.ReadAsync(
            (connection, token) => connection.QueryAsync<Row>(new CommandDefinition(sql, parameters, cancellationToken: token)),
            context.RequestAborted)).ToList();
        var items = rows.Take(page.Limit).ToList();
        var next = rows.Count > page.Limit ? Cursor.Encode(items[^1].ChangeId.ToString(CultureInfo.InvariantCulture)) : null;
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new Page<AuditLine>([.. items.Select(row => row.ToLine())], next), ApiJson.Options);
    }

    private static byte[]? Id(string? text, string field, FieldErrors errors)
    {
        if (text is null) { return null; }
        if (Guid.TryParseExact(text, "D", out var id)) { return MemberTable.Key(id); }
        errors.Add(field, "must be an account's id");
        return null;
    }

    private sealed class Row
    {
        public long ChangeId { get; init; }
        public long ChangedAt { get; init; }
        public byte[] ChangedBy { get; init; } = [];
        public string? ByName { get; init; }
        public string Action { get; init; } = "";
        public byte[]? MemberId { get; init; }
        public string? MemberName { get; init; }
        public byte[]? CampaignId { get; init; }
        public string? BeforeDocument { get; init; }
        public string? AfterDocument { get; init; }

        public AuditLine ToLine() => new(
            DateTimeOffset.FromUnixTimeMilliseconds(ChangedAt), new Guid(ChangedBy, bigEndian: true), ByName, Action, OfKey(MemberId), MemberName, OfKey(CampaignId),
            OfJson(BeforeDocument), OfJson(AfterDocument));

        private static Guid? OfKey(byte[]? key) => key is null ? null : new Guid(key, bigEndian: true);

        private static JsonElement? OfJson(string? document) => document is null ? null : JsonElement.Parse(document);
    }
}
