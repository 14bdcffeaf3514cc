using FirstCome.Authentication;
using FirstCome.CacheService.Counts;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace FirstCome.CacheService.Campaigns;

/// <summary><c>GET /api/campaigns/{id}</c>: one campaign, with its live numbers where they are known.</summary>
internal static class GetCampaign
{
    public static void MapGetCampaign(this RouteGroupBuilder campaigns) => campaigns
        .MapGet("/{id}", HandleAsync)
        .WithName("GetCampaign")
        .WithSummary("A campaign")
        .WithDescription("Drafts are for operators only, rehearsals for operators and their own synthetic members. The ETag is the version that operators change: `state` and `counts` move without it. `Age` tells the seconds since the campaign's owner confirmed it.")
        .Produces<CampaignView>()
        .Produces(StatusCodes.Status304NotModified)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> HandleAsync(
        Guid id, HttpContext context, CampaignCache cache, LiveCounts counts, IOptions<CacheOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        var answer = await cache.FindAsync(id, cancellationToken);
        if (answer.Unavailable) { return Problems.Result(ProblemTypes.Unavailable, "The campaign cannot be looked up at the moment."); }
        if (answer.Held is not { Campaign: var campaign } held || !context.CallerOrNull().MaySee(campaign)) { return Problems.Result(ProblemTypes.CampaignUnknown); }

        EntityTag.Set(context.Response, campaign.Version);
        Freshness.Tell(context.Response, held.ConfirmedAt, options.Value.FreshFor, answer.Layer, time.GetUtcNow());
        if (IsKnownToCaller(context)) { return Results.StatusCode(StatusCodes.Status304NotModified); }
        var numbers = await counts.FindAsync(campaign, options.Value.StaleWait, cancellationToken);
        return TypedResults.Ok(CampaignView.Of(campaign, time.GetUtcNow(), numbers));
    }

    private static bool IsKnownToCaller(HttpContext context)
    {
        var tag = new EntityTagHeaderValue(context.Response.Headers.ETag.ToString());
        return context.Request.GetTypedHeaders().IfNoneMatch.Any(known => known.Compare(tag, useStrongComparison: false) || known == EntityTagHeaderValue.Any);
    }
}
