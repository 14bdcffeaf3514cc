using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;
using FirstCome.Contracts.Problems;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Gate;
using FirstCome.ServiceDefaults;
using StackExchange.Redis;

namespace FirstCome.IssueService.Claims;

/// <summary>
/// <c>GET /api/campaigns/{id}/claims/me</c>: "did I get it?", at any time. The gate is asked first, so that the crowd that holds nothing never reaches the database.
/// A reservation without its mark is not yet a claim, and not no claim either: 503.
/// </summary>
internal static class MyClaims
{
    public static void Map(IEndpointRouteBuilder routes, IEndpointRouteBuilder between)
    {
        routes.MapGet("/api/campaigns/{id}/claims/me", async (string id, HttpContext context, CampaignDirectory directory, LedgerClaims ledger) =>
        {
            var caller = context.Caller();
            var campaign = await VisibleCampaign.FindAsync(id, caller, directory, context.RequestAborted);
            if (campaign is null) { return Problems.Result(ProblemTypes.CampaignUnknown); }
            var (claims, refusal) = await ReadAsync(campaign, caller.MemberId, ledger, context.RequestAborted);
            context.Response.Headers.CacheControl = "no-store";
            return refusal is not null ? Problems.Result(refusal) : claims.Count == 0 ? Problems.Result(ProblemTypes.NoClaim) : Results.Json(new ClaimList(claims), MessageJson.Default.ClaimList);
        })
        .RequireClaimant("id").WithName("MyClaims").WithTags("Claims").WithSummary("What the member holds on this campaign; 503 while it cannot be known.")
        .Produces<ClaimList>().ProducesProblem(401).ProducesProblem(404).ProducesProblem(503);

        between.MapGet("/campaigns/{id:guid}/claims/{memberId:guid}", async (Guid id, Guid memberId, CampaignDirectory directory, LedgerClaims ledger, CancellationToken cancellationToken) =>
        {
            var campaign = await directory.FindAsync(id, cancellationToken);
            if (campaign is null || campaign.Snapshot.Phase == CampaignPhase.Draft) { return Results.Json(new ClaimList([]), MessageJson.Default.ClaimList); }
            var (claims, refusal) = await ReadAsync(campaign, memberId, ledger, cancellationToken);
            return refusal is not null ? Problems.Result(refusal) : Results.Json(new ClaimList(claims), MessageJson.Default.ClaimList);
        });
    }

    private static async Task<(IReadOnlyList<Claim> Claims, ProblemType? Refusal)> ReadAsync(ActiveCampaign campaign, Guid member, LedgerClaims ledger, CancellationToken cancellationToken)
    {
        if (campaign.Snapshot.Phase == CampaignPhase.Archived) { return ([.. (await ledger.OfMemberAsync(campaign.Id, member, cancellationToken)).Select(row => row.ToClaim())], null); }
        IReadOnlyList<GateAnswer> held;
        try
        {
            (var status, held) = await campaign.Gate.HeldAsync(member);
            if (status != GateStatus.Answered) { return ([], ProblemTypes.Recovering); }
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException) { return ([], ProblemTypes.Unavailable); }
        if (held.Count == 0) { return ([], null); }
        if (held.Any(answer => answer.Verdict == GateVerdict.HeldUnlogged)) { return ([], ProblemTypes.Unavailable); }
        var rows = (await ledger.OfMemberAsync(campaign.Id, member, cancellationToken)).ToDictionary(row => row.Sequence);
        return ([.. held.Select(answer => rows.TryGetValue(answer.Sequence, out var row)
            ? row.ToClaim()
            : new Claim(campaign.Id, member, answer.Nth, answer.Sequence, ClaimState.Accepted, DateTimeOffset.FromUnixTimeMilliseconds(answer.AcceptedAtMs)))], null);
    }
}
