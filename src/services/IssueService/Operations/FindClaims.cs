using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Problems;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.ServiceDefaults;
using StackExchange.Redis;
using Role = FirstCome.Authentication.Role;

namespace FirstCome.IssueService.Operations;

/// <summary>A claim of a member, wherever it stands.</summary>
/// <param name="Stage"><c>reserved</c>: in the gate, not acknowledged by the log yet; <c>logged</c>: acknowledged, no row yet; <c>recorded</c>: a row of the ledger.</param>
/// <param name="Claim">Of a reservation what it becomes once it is logged.</param>
internal sealed record FoundClaim(string Stage, Claim Claim);

/// <param name="Gate"><c>answered</c>, <c>recovering</c>, <c>unavailable</c>, or <c>archived</c>, where there is none: unless it answered, reservations are not shown.</param>
internal sealed record FoundClaims(string Gate, IReadOnlyList<FoundClaim> Items);

/// <summary><c>GET /api/campaigns/{id}/claims/members/{memberId}</c>: what a member holds in gate and ledger together, reservations too, which the member is not told of.</summary>
internal static class FindClaims
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/campaigns/{id}/claims/members/{memberId:guid}", HandleAsync)
        .RequireRole(Role.Operator).WithName("FindClaims").WithTags("Operations").WithSummary("A member's claims in any state: in the gate only, logged, recorded.")
        .Produces<FoundClaims>().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);

    private static async Task<IResult> HandleAsync(string id, Guid memberId, HttpContext context, CampaignDirectory directory, LedgerClaims ledger)
    {
        if (await ListClaims.KnownAsync(id, directory, context.RequestAborted) is not { } known) { return Problems.Result(ProblemTypes.CampaignUnknown); }
        // The gate first: what becomes a row in between is found there, too.
        var (gate, held) = await HeldAsync(directory.Known(known), memberId);
        var rows = (await ledger.OfMemberAsync(known, memberId, context.RequestAborted)).Select(row => row.ToClaim()).ToList();
        return Results.Ok(new FoundClaims(gate, Merge(known, memberId, held, rows)));
    }

    /// <summary>Each number once, the ledger's row before the gate's entry, by number.</summary>
    internal static IReadOnlyList<FoundClaim> Merge(Guid campaign, Guid member, IReadOnlyList<GateAnswer> held, IReadOnlyList<Claim> rows)
    {
        var recorded = rows.Select(row => row.Sequence).ToHashSet();
        return
        [
            .. rows.Select(row => new FoundClaim("recorded", row))
                .Concat(held.Where(answer => !recorded.Contains(answer.Sequence)).Select(answer => new FoundClaim(
                    answer.Verdict == GateVerdict.HeldUnlogged ? "reserved" : "logged",
                    new Claim(campaign, member, answer.Nth, answer.Sequence, ClaimState.Accepted, DateTimeOffset.FromUnixTimeMilliseconds(answer.AcceptedAtMs)))))
                .OrderBy(found => found.Claim.Sequence),
        ];
    }

    private static async Task<(string Gate, IReadOnlyList<GateAnswer> Held)> HeldAsync(ActiveCampaign? campaign, Guid member)
    {
        if (campaign is null or { Snapshot.Phase: CampaignPhase.Archived }) { return ("archived", []); }
        try
        {
            var (status, held) = await campaign.Gate.HeldAsync(member);
            return status == GateStatus.Answered ? ("answered", held) : ("recovering", []);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException) { return ("unavailable", []); }
    }
}
