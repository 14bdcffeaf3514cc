using FirstCome.Authentication;
using FirstCome.CacheService.Sources;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Campaigns;

/// <summary><c>GET /api/campaigns</c>: campaigns, newest window first.</summary>
internal static class ListCampaigns
{
    public static void MapListCampaigns(this RouteGroupBuilder campaigns) => campaigns
        .MapGet("", HandleAsync)
        .WithName("ListCampaigns")
        .WithSummary("Campaigns, newest window first")
        .WithDescription("`state` is one of draft, scheduled, open, paused, closed, archived; `query` searches names (up to 100 characters). Operators see drafts and rehearsals too. `counts` is left out: ask for them by campaign.")
        .Produces<Page<CampaignView>>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status503ServiceUnavailable);

    private static async Task<IResult> HandleAsync(
        PageRequest page, HttpContext context, CampaignLists lists, IOptions<CacheOptions> options, TimeProvider time, CancellationToken cancellationToken,
        string? state = null, string? query = null)
    {
        // The parameters stand in the signature for the API's description; repetition of one is refused by the reader.
        _ = (state, query);
        var errors = new FieldErrors();
        var asked = CampaignQuery.Read(context.Request.Query, page, context.CallerOrNull().IsOperator(), errors);
        if (errors.Any) { return errors.ToResult(); }

        var answer = await lists.FindAsync(asked, cancellationToken);
        if (answer.Page is null) { return Refuse(answer.Outcome, errors); }

        var now = time.GetUtcNow();
        Freshness.Tell(context.Response, answer.ConfirmedAt, options.Value.ListFreshFor, CacheLayer.Memory, now);
        // The clock may have moved a campaign on since the page was made; and what only operators see is left out twice, there and here.
        var items = answer.Page.Items
            .Where(campaign => asked.Everything || (campaign.Phase != CampaignPhase.Draft && !campaign.Rehearsal))
            .Select(campaign => CampaignView.Of(campaign, now))
            .Where(campaign => asked.State is null || campaign.State == asked.State)
            .ToList();
        return TypedResults.Ok(new Page<CampaignView>(items, answer.Page.Next));
    }

    private static IResult Refuse(SourceOutcome outcome, FieldErrors errors)
    {
        if (outcome != SourceOutcome.Refused) { return Problems.Result(ProblemTypes.Unavailable, "The list cannot be looked up at the moment."); }
        // State, text and limit were checked here; only the position is the owner's to judge.
        errors.Add("after", Cursor.Rule);
        return errors.ToResult();
    }
}
