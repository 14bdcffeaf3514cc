using System.Globalization;
using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.IssueService.Campaigns;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;

namespace FirstCome.IssueService.Operations;

/// <summary>A number that no claim has, and why.</summary>
/// <param name="Generation">The generation of the rebuild that found it missing.</param>
internal sealed record Gap(long Sequence, int Generation, string Reason);

/// <summary><c>GET /api/campaigns/{id}/gaps</c>: the numbers that a rebuild found missing and made void.</summary>
internal static class ListGaps
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/campaigns/{id}/gaps", HandleAsync)
        .RequireRole(Role.Operator).WithName("ListGaps").WithTags("Operations").WithSummary("Numbers without a claim, with the rebuild that explains them.")
        .Produces<Page<Gap>>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);

    private static async Task<IResult> HandleAsync(string id, PageRequest page, HttpContext context, CampaignDirectory directory, Database ledger)
    {
        if (await ListClaims.KnownAsync(id, directory, context.RequestAborted) is not { } campaign) { return Problems.Result(ProblemTypes.CampaignUnknown); }
        var errors = new FieldErrors();
        long after = 0;
        if (page.TryDecodeAfter(1, out var parts, errors) && parts is not null && !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out after)) { errors.Add("after", Cursor.Rule); }
        if (errors.Any) { return errors.ToResult(); }
        var gaps = await ledger.ReadAsync(async (connection, token) =>
        {
            var found = new List<Gap>();
            await using var command = LedgerValues.Command(
                connection, null, "SELECT sequence, generation, reason FROM void_sequence WHERE campaign_id = @id AND sequence > @after ORDER BY sequence LIMIT @limit",
                ("@id", LedgerValues.Id(campaign)), ("@after", after), ("@limit", page.Limit + 1));
            await using var rows = await command.ExecuteReaderAsync(token);
            while (await rows.ReadAsync(token)) { found.Add(new Gap(rows.GetInt64(0), rows.GetInt32(1), rows.GetString(2))); }
            return found;
        }, context.RequestAborted);
        var items = gaps.Take(page.Limit).ToList();
        return Results.Ok(new Page<Gap>(items, gaps.Count > page.Limit ? Cursor.Encode(items[^1].Sequence.ToString(CultureInfo.InvariantCulture)) : null));
    }
}
