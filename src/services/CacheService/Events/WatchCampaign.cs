using FirstCome.Authentication;
using FirstCome.CacheService.Campaigns;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;

namespace FirstCome.CacheService.Events;

/// <summary><c>GET /api/campaigns/{id}/events</c>: server-sent events of a campaign, and of one's own claims with a token.</summary>
internal static class WatchCampaign
{
    // Long enough for streams to end meanwhile; each caller is told another time, so that they do not come back together.
    private static readonly TimeSpan s_retryAfterFull = TimeSpan.FromSeconds(5);

    public static void MapWatchCampaign(this RouteGroupBuilder campaigns) => campaigns
        .MapGet("/{id}/events", HandleAsync)
        .WithName("WatchCampaign")
        .WithSummary("A campaign as server-sent events")
        .WithDescription("First a snapshot, then what changes, at most once a second: `state`, `counts` and, with a token, `claim` for each of one's own. Read it with fetch, so that the token stands in `Authorization` and not in the URL. A comment comes after 15 s of silence. The stream ends when the token does: refresh it and come back.")
        .Produces(StatusCodes.Status200OK, contentType: "text/event-stream")
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status403Forbidden)
        .ProducesProblem(StatusCodes.Status404NotFound)
        .ProducesProblem(StatusCodes.Status429TooManyRequests)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> HandleAsync(Guid id, HttpContext context, CampaignCache cache, EventStreams streams, CancellationToken cancellationToken)
    {
        var caller = context.CallerOrNull();
        if (caller is null && context.Request.Headers.Authorization.Count > 0)
        {
            // Without this, the caller would wait for its claims for ever.
            return Problems.Result(ProblemTypes.Unauthenticated, "The token is not valid any more: refresh it, or leave Authorization out to see the campaign alone.");
        }
        if (caller?.RehearsalCampaign is { } rehearsal && rehearsal != id) { return Problems.Result(ProblemTypes.Forbidden, "A rehearsal token is good for its own campaign only."); }

        var answer = await cache.FindAsync(id, cancellationToken);
        if (answer.Unavailable) { return Problems.Result(ProblemTypes.Unavailable, "The campaign cannot be looked up at the moment."); }
        if (answer.Held is not { Campaign: var campaign } || !caller.MaySee(campaign)) { return Problems.Result(ProblemTypes.CampaignUnknown); }

        var member = caller?.MemberId;
        var admission = streams.Count.TryOpen(member);
        var retryAfter = s_retryAfterFull * (1 + Random.Shared.NextDouble());
        if (admission == StreamAdmission.Full) { return Problems.Result(ProblemTypes.Unavailable, "As many streams are open as there may be. Ask for counts instead, or come back.", retryAfter: retryAfter); }
        if (admission == StreamAdmission.MemberFull)
        {
            return Problems.Result(ProblemTypes.TooManyRequests, $"A member may have {streams.Options.StreamsPerMemberMax} streams open at once: close one.", retryAfter: retryAfter);
        }
        try
        {
            await streams.WriteAsync(context, campaign, member, caller?.ExpiresAt);
        }
        finally
        {
            streams.Count.Close(member);
        }
        return Results.Empty;
    }
}
