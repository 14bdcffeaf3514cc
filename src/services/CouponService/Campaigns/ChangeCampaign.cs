using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Campaigns.Changes;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary><c>PATCH /api/campaigns/{id}</c>: gives some fields new values; the others keep theirs. Needs <c>If-Match</c>. Of a campaign that is no draft the gate has learnt it before this is answered.</summary>
internal static class ChangeCampaign
{
    public static void Map(IEndpointRouteBuilder campaigns) => campaigns
        .MapPatch("/{id}", HandleAsync)
        .WithName("ChangeCampaign").WithSummary("Changes fields of a campaign")
        .WithDescription("A draft: everything but rehearsal. Scheduled, open or paused: name, description, quota, closesAt, and opensAt before it has come. Closed: name and description.")
        .Produces<CampaignView>().ProducesProblems(400, 401, 403, 404, 409, 412, 413, 415, 428, 503);

    private static async Task<IResult> HandleAsync(Guid id, CampaignInput input, HttpContext context, CampaignChanges changes, TimeProvider time, CancellationToken cancellationToken)
    {
        var order = new ChangeOrder(
            id, CampaignAction.Change, context.Caller().MemberId, version => EntityTag.Check(context.Request, version, required: true),
            (campaign, now) => ChangeRules.Decide(campaign, input, now));
        return (await changes.ChangeAsync(order, cancellationToken)).ToResult(context, time);
    }
}
