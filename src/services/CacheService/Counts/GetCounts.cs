using FirstCome.Authentication;
using FirstCome.CacheService.Campaigns;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;

namespace FirstCome.CacheService.Counts;

/// <summary><c>GET /api/campaigns/{id}/counts</c>: how many were taken and how many are left.</summary>
internal static class GetCounts
{
    // Longer than a healthy answer takes, shorter than a person waits.
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(2);

    public static void MapGetCounts(this RouteGroupBuilder campaigns) => campaigns
        .MapGet("/{id}/counts", HandleAsync)
        .WithName("GetCounts")
        .WithSummary("A campaign's live numbers")
        .WithDescription("remaining = quota + released − accepted. The numbers are at most a second old, or up to five while their source is away; `asOf` tells. 503 when they cannot be known.")
        .Produces<CampaignCounts>()
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> HandleAsync(Guid id, HttpContext context, CampaignCache cache, LiveCounts counts, CancellationToken cancellationToken)
    {
        var answer = await cache.FindAsync(id, cancellationToken);
        if (answer.Unavailable) { return Problems.Result(ProblemTypes.Unavailable, "The campaign cannot be looked up at the moment."); }
        if (answer.Held is not { Campaign: var campaign } || !context.CallerOrNull().MaySee(campaign)) { return Problems.Result(ProblemTypes.CampaignUnknown); }
        context.Response.Headers.CacheControl = "no-store";
        return await counts.FindAsync(campaign, s_wait, cancellationToken) is { } numbers
            ? TypedResults.Ok(numbers)
            : Problems.Result(ProblemTypes.Unavailable, "The campaign's numbers cannot be known at the moment.");
    }
}
