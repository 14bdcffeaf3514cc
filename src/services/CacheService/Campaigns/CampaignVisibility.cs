using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;

namespace FirstCome.CacheService.Campaigns;

/// <summary>Who sees what: drafts are for operators, a rehearsal is for operators and its own synthetic members.</summary>
internal static class CampaignVisibility
{
    public static bool IsOperator(this Caller? caller) => caller is not null && caller.HasAny(Role.Operator);

    public static bool MaySee(this Caller? caller, Campaign campaign) =>
        caller.IsOperator() || (campaign.Phase != CampaignPhase.Draft && (!campaign.Rehearsal || caller?.RehearsalCampaign == campaign.Id));
}
