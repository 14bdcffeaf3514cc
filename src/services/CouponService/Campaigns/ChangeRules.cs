using System.Text.Json;
using System.Text.Json.Nodes;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary>
/// Which fields may change in which state. What members were promised is fixed once it is scheduled; the window may move as long as that side of it lies ahead.
/// <code>
/// draft                    everything but rehearsal
/// scheduled, open, paused  name, description, quota, closesAt (to an instant ahead), and opensAt before it has come
/// closed                   name, description
/// archived                 nothing
/// </code>
/// Whether a quota is below what was issued is the gate's to say.
/// </summary>
internal static class ChangeRules
{
    public static Decision Decide(Campaign campaign, CampaignInput input, DateTimeOffset now)
    {
        var errors = new FieldErrors();
        if (CampaignRules.ReadChange(input, campaign, errors) is not { } after) { return new Decision.Invalid(errors); }
        var changed = Difference(campaign, after);
        if (changed.Count == 0) { return new Decision.Nothing(); }
        var state = campaign.StateAt(now);
        var refused = changed.Where(field => !MayChange(field, campaign, state, now)).ToList();
        if (refused.Count > 0) { return new Decision.Illegal(state, null, Explain(refused, state), refused); }
        if (state is not CampaignState.Draft && changed.Contains("closesAt") && after.ClosesAt <= now)
        {
            errors.Add("closesAt", "must be in the future; to end the campaign at once, close it");
            return new Decision.Invalid(errors);
        }
        return new Decision.Change(after);
    }

    /// <summary>The fields of the API in which two versions of a campaign differ; <c>state</c> stands for what an operator ordered, <c>audienceMembers</c> for the uploaded list.</summary>
    public static IReadOnlyList<string> Difference(Campaign before, Campaign after)
    {
        var (old, @new) = (Members(before), Members(after));
        return
        [
            .. old.Select(member => member.Key).Union(@new.Select(member => member.Key))
                .Where(name => name is not ("version" or "createdAt" or "updatedAt") && !JsonNode.DeepEquals(old[name], @new[name]))
                .Select(name => name switch { "phase" => "state", "audienceListVersion" => "audienceMembers", _ => name }),
        ];

        static JsonObject Members(Campaign campaign) => JsonSerializer.SerializeToNode(campaign, MessageJson.Default.Campaign)!.AsObject();
    }

    private static bool MayChange(string field, Campaign campaign, CampaignState state, DateTimeOffset now) => (state, field) switch
    {
        (CampaignState.Archived, _) or (_, "rehearsal") => false,
        (CampaignState.Draft, _) or (_, "name" or "description") => true,
        (CampaignState.Closed, _) => false,
        (_, "quota" or "closesAt") => true,
        (_, "opensAt") => now < campaign.OpensAt,
        _ => false,
    };

    private static string Explain(List<string> fields, CampaignState state)
    {
        var names = string.Join(", ", fields);
        var verb = fields.Count == 1 ? "is" : "are";
        return state switch
        {
            CampaignState.Draft => $"{names} {verb} fixed when the campaign is made: make another campaign.",
            CampaignState.Archived => $"{names} {verb} fixed: the campaign is archived.",
            CampaignState.Closed => $"{names} {verb} fixed: the campaign is closed, and its name and description only can change.",
            _ => $"{names} {verb} fixed once the campaign is scheduled; it is {TransitionRules.Name(state)}. Name, description, quota and closesAt can change, and opensAt before it has come.",
        };
    }
}
