using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Campaigns.Outbox;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary><c>POST /api/campaigns</c>: makes a draft. Nobody but operators sees it, and it has no gate yet.</summary>
internal static class CreateCampaign
{
    public static void Map(IEndpointRouteBuilder campaigns) => campaigns
        .MapPost("/", HandleAsync)
        .WithName("CreateCampaign").WithSummary("Makes a campaign, as a draft")
        .WithDescription("Required: name, description, quota, opensAt, closesAt, benefit and validity. perMember is 1 by default, timeZone Asia/Seoul; the others are empty or false.")
        .Produces<CampaignView>(StatusCodes.Status201Created).ProducesProblems(400, 401, 403, 413, 415, 503);

    private static async Task<IResult> HandleAsync(
        CampaignInput input, HttpContext context, Database database, CampaignOutbox outbox, TimeProvider time, ILogger<CampaignOutbox> logger, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var errors = new FieldErrors();
        if (CampaignRules.ReadNew(input, Guid.CreateVersion7(now), now, errors) is not { } campaign) { return errors.ToResult(); }
        var actor = context.Caller().MemberId;
        await database.WriteAsync(
            async (connection, transaction, token) =>
            {
                await CampaignRow.InsertAsync(connection, transaction, campaign, token);
                await CampaignHistory.WriteAsync(connection, transaction, campaign, CampaignAction.Create, actor, now, now, token);
                await outbox.NoteAsync(connection, transaction, campaign, token);
            },
            cancellationToken);
        CampaignLog.ChangeApplied(logger, campaign.Id, campaign.Version, CampaignAction.Create, actor);
        await outbox.PublishAsync(campaign);
        EntityTag.Set(context.Response, campaign.Version);
        return Results.Created($"/api/campaigns/{campaign.Id}", CampaignView.Of(campaign, now));
    }
}
