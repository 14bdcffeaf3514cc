using System.Globalization;
using System.Text.Json.Serialization;
using Dapper;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary>A line of a campaign's history.</summary>
/// <param name="Version">The version that the change brought; its ETag. Numbers are missing where the gate refused a change.</param>
/// <param name="By">The operator's id.</param>
/// <param name="At">When the operator asked for it.</param>
/// <param name="AppliedAt">From when it was true; later than <paramref name="At"/> where the gate had to be waited for.</param>
/// <param name="Changed">The fields in which before and after differ; empty for the first line.</param>
/// <param name="Before">Null for the first line.</param>
/// <param name="AudienceMembers">How many members the list has that this change brought.</param>
internal sealed record HistoryEntry(
    int Version, CampaignAction Action, Guid By, DateTimeOffset At, DateTimeOffset AppliedAt, IReadOnlyList<string> Changed,
    [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] CampaignView? Before, CampaignView After, int? AudienceMembers);

/// <summary><c>GET /api/campaigns/{id}/history</c>: every version that ever stood, newest first.</summary>
internal static class ReadHistory
{
    public static void Map(IEndpointRouteBuilder campaigns) => campaigns
        .MapGet("/{id}/history", HandleAsync)
        .WithName("ReadHistory").WithSummary("Who changed a campaign, when, and how; newest first")
        .Produces<Page<HistoryEntry>>().ProducesProblems(400, 401, 403, 404, 503);

    private static async Task<IResult> HandleAsync(Guid id, PageRequest page, Database database, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var before = int.MaxValue;
        if (!page.TryDecodeAfter(1, out var parts, errors)) { return errors.ToResult(); }
        if (parts is not null && !int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out before)) { errors.Add("after", Cursor.Rule); return errors.ToResult(); }
        // One row more than asked for: it holds what stood before the last line, and says whether there is another page.
        var rows = (await database.ReadAsync(
            (connection, token) => connection.QueryAsync<Row>(new CommandDefinition(
                """
                SELECT version, action, actor_id AS actor, ordered_at AS orderedAt, applied_at AS appliedAt, audience_members AS audienceMembers, document
                FROM campaign_history WHERE campaign_id = @id AND version < @before ORDER BY version DESC LIMIT @limit
                """,
                new { id = CampaignRow.Id(id), before, limit = page.Limit + 1 }, cancellationToken: token)),
            cancellationToken)).ToList();
        if (rows.Count == 0 && !await IsKnownAsync(id, database, cancellationToken)) { return Problems.Result(ProblemTypes.CampaignUnknown); }
        var items = rows.Take(page.Limit).Select((row, index) => ToEntry(row, index + 1 < rows.Count ? rows[index + 1] : null)).ToList();
        var next = rows.Count > page.Limit ? Cursor.Encode(items[^1].Version.ToString(CultureInfo.InvariantCulture)) : null;
        return Results.Ok(new Page<HistoryEntry>(items, next));
    }

    private static Task<bool> IsKnownAsync(Guid id, Database database, CancellationToken cancellationToken) =>
        database.ReadAsync(async (connection, token) => await CampaignRow.FindAsync(connection, id, token) is not null, cancellationToken);

    private static HistoryEntry ToEntry(Row row, Row? former)
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(row.OrderedAt);
        var appliedAt = DateTimeOffset.FromUnixTimeMilliseconds(row.AppliedAt);
        var after = CampaignRow.Read(row.Document);
        var before = former is null ? null : CampaignRow.Read(former.Document);
        return new HistoryEntry(
            (int)row.Version, Enum.Parse<CampaignAction>(row.Action), CampaignRow.Id(row.Actor), at, appliedAt, before is null ? [] : ChangeRules.Difference(before, after),
            before is null ? null : CampaignView.Of(before, at), CampaignView.Of(after, appliedAt), (int?)row.AudienceMembers);
    }

    private sealed class Row
    {
        public long Version { get; init; }
        public string Action { get; init; } = "";
        public byte[] Actor { get; init; } = [];
        public long OrderedAt { get; init; }
        public long AppliedAt { get; init; }
        public long? AudienceMembers { get; init; }
        public string Document { get; init; } = "";
    }
}
