using System.Globalization;
using System.Text;
using Dapper;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.CouponService.Campaigns;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Internal;

/// <summary>
/// <c>GET /internal/campaigns/{id}</c> and <c>GET /internal/campaigns</c>: campaigns as they stand. A change that the gate has, but that is not yet written here, is not among them.
/// </summary>
internal static class ReadCampaigns
{
    private const int QueryLengthMax = 100;

    public static void Map(IEndpointRouteBuilder between)
    {
        between.MapGet("/campaigns/{id:guid}", FindAsync);
        between.MapGet("/campaigns", ListAsync);
    }

    private static async Task<IResult> FindAsync(Guid id, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        var row = await database.ReadAsync((connection, token) => CampaignRow.FindAsync(connection, id, token), cancellationToken);
        if (row is null) { return Problems.Result(ProblemTypes.CampaignUnknown); }
        EntityTag.Set(context.Response, row.Campaign.Version);
        return Results.Ok(row.Campaign);
    }

    // Newest window first. Without drafts= and rehearsals= neither is listed.
    private static async Task<IResult> ListAsync(
        string? state, string? query, bool? drafts, bool? rehearsals, PageRequest page, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var now = time.GetUtcNow();
        var where = new StringBuilder("1 = 1");
        var parameters = new DynamicParameters(new { now = now.ToUnixTimeMilliseconds(), limit = page.Limit + 1 });
        if (drafts is not true) { where.Append(" AND phase <> 'draft'"); }
        if (rehearsals is not true) { where.Append(" AND rehearsal = @no"); parameters.Add("no", false); }
        if (state is not null) { where.Append(" AND ").Append(Condition(state, errors)); }
        if (!string.IsNullOrWhiteSpace(query))
        {
            parameters.Add("pattern", Pattern(RequestText.Clean(query, 1, QueryLengthMax, errors, "query")));
            where.Append(" AND names LIKE @pattern ESCAPE '!'");
        }
        if (ReadCursor(page, errors) is { } after)
        {
            parameters.AddDynamicParams(new { opensAt = after.OpensAt, id = CampaignRow.Id(after.Id) });
            where.Append(" AND (opens_at < @opensAt OR (opens_at = @opensAt AND id < @id))");
        }
        if (errors.Any) { return errors.ToResult(); }
        var campaigns = (await database.ReadAsync(
            (connection, token) => connection.QueryAsync<string>(new CommandDefinition(
                $"SELECT document FROM campaign WHERE {where} ORDER BY opens_at DESC, id DESC LIMIT @limit", parameters, cancellationToken: token)),
            cancellationToken)).Select(CampaignRow.Read).ToList();
        var items = campaigns.Take(page.Limit).ToList();
        var next = campaigns.Count > page.Limit ? Cursor.Encode(items[^1].OpensAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture), items[^1].Id.ToString()) : null;
        return Results.Ok(new CampaignPage(items, next));
    }

    // The same as Campaign.StateAt, for the database.
    private static string Condition(string state, FieldErrors errors)
    {
        switch (state)
        {
            case "draft": return "phase = 'draft'";
            case "scheduled": return "phase = 'active' AND opens_at > @now AND closes_at > @now";
            case "open": return "phase = 'active' AND opens_at <= @now AND closes_at > @now";
            case "paused": return "phase = 'paused' AND closes_at > @now";
            case "closed": return "(phase = 'closed' OR (phase IN ('active', 'paused') AND closes_at <= @now))";
            case "archived": return "phase = 'archived'";
            default:
                errors.Add("state", "must be draft, scheduled, open, paused, closed or archived");
                return "1 = 0";
        }
    }

    private static (long OpensAt, Guid Id)? ReadCursor(PageRequest page, FieldErrors errors)
    {
        if (!page.TryDecodeAfter(2, out var parts, errors) || parts is null) { return null; }
        if (long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var opensAt) && Guid.TryParseExact(parts[1], "D", out var id)) { return (opensAt, id); }
        errors.Add("after", Cursor.Rule);
        return null;
    }

    private static string Pattern(string query) =>
        $"%{CampaignRow.Fold(query).Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal)}%";
}
