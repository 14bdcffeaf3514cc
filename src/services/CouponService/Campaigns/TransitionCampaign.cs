using System.Reflection;
using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Campaigns.Changes;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary><c>POST /api/campaigns/{id}/schedule</c> and its like: an operator's transitions. They honour <c>If-Match</c> and do not need it. Once answered 200, every later claim on every instance is bound by it.</summary>
internal static class TransitionCampaign
{
    /// <summary>What the body of an action may be: nothing, whatever its announced type, or an object without members.</summary>
    internal sealed record NoMembers : IBindableFromHttpContext<NoMembers>
    {
        private const int BytesMax = 1_024;
        private const string Rule = "must be empty, or {}";

        public static async ValueTask<NoMembers?> BindAsync(HttpContext context, ParameterInfo parameter)
        {
            var buffer = new byte[BytesMax + 1];
            var length = await context.Request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, context.RequestAborted);
            if (length == 0) { return null; }
            if (length > BytesMax) { throw new InvalidRequestException("body", Rule); }
            var errors = new FieldErrors();
            try
            {
                using var document = JsonDocument.Parse(buffer.AsMemory(0, length));
                if (document.RootElement.ValueKind is not JsonValueKind.Object) { errors.Add("body", Rule); }
                else { foreach (var member in document.RootElement.EnumerateObject()) { errors.Add(member.Name, "is unknown: leave it out"); } }
            }
            catch (JsonException) { errors.Add("body", Rule); }
            return errors.Any ? throw new InvalidRequestException(errors) : new NoMembers();
        }
    }

    public static void Map(IEndpointRouteBuilder campaigns)
    {
        Map(campaigns, "schedule", CampaignAction.Schedule, "Schedules a draft; it opens at its time, at once where its window has begun");
        Map(campaigns, "pause", CampaignAction.Pause, "Stops a campaign until it is resumed");
        Map(campaigns, "resume", CampaignAction.Resume, "Lets a paused campaign go on");
        Map(campaigns, "close", CampaignAction.Close, "Ends a campaign before its time, for good");
        Map(campaigns, "archive", CampaignAction.Archive, "Puts a closed campaign away; what was claimed is answered still");
    }

    private static void Map(IEndpointRouteBuilder campaigns, string path, CampaignAction action, string summary) => campaigns
        .MapPost($"/{{id}}/{path}", (Guid id, NoMembers? body, HttpContext context, CampaignChanges changes, TimeProvider time, CancellationToken cancellationToken) =>
            HandleAsync(id, action, context, changes, time, cancellationToken))
        .WithName($"{action}Campaign").WithSummary(summary)
        .Produces<CampaignView>().ProducesProblems(400, 401, 403, 404, 409, 412, 503);

    private static async Task<IResult> HandleAsync(Guid id, CampaignAction action, HttpContext context, CampaignChanges changes, TimeProvider time, CancellationToken cancellationToken)
    {
        var order = new ChangeOrder(
            id, action, context.Caller().MemberId, version => EntityTag.Check(context.Request, version, required: false),
            (campaign, now) => TransitionRules.Decide(campaign, action, now));
        return (await changes.ChangeAsync(order, cancellationToken)).ToResult(context, time);
    }
}
