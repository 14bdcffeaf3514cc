using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;

namespace FirstCome.IssueService.Campaigns;

/// <summary>Which campaigns a caller may see.</summary>
internal static class VisibleCampaign
{
    /// <summary>The campaign, or null where it does not exist for this caller: no such id, a draft, or a rehearsal that the token is not of.</summary>
    /// <exception cref="ServiceDefaults.UnavailableException">It is not known here and cannot be asked for.</exception>
    public static async ValueTask<ActiveCampaign?> FindAsync(string id, Caller caller, CampaignDirectory directory, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "D", out var campaignId)) { return null; }
        var campaign = await directory.FindAsync(campaignId, cancellationToken);
        if (campaign is null) { return null; }
        var snapshot = campaign.Snapshot;
        return snapshot.Phase == CampaignPhase.Draft || (snapshot.Rehearsal && caller.RehearsalCampaign != campaignId) ? null : campaign;
    }
}
