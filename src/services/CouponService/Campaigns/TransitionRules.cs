using FirstCome.Contracts.Campaigns;

namespace FirstCome.CouponService.Campaigns;

/// <summary>
/// The legal transitions. What opens and closes by the clock is no transition: it follows from the window (<see cref="Campaign.StateAt"/>).
/// <code>
/// schedule  draft, its window not yet ended       → scheduled, or open where the window has begun
/// pause     scheduled, open                       → paused
/// resume    paused                                → scheduled or open, as the window says
/// close     scheduled, open, paused               → closed
/// archive   closed, by an operator or by the clock → archived
/// </code>
/// </summary>
internal static class TransitionRules
{
    public static Decision Decide(Campaign campaign, CampaignAction action, DateTimeOffset now)
    {
        var from = campaign.StateAt(now);
        var phase = (action, from) switch
        {
            (CampaignAction.Schedule, CampaignState.Draft) when now < campaign.ClosesAt => CampaignPhase.Active,
            (CampaignAction.Pause, CampaignState.Scheduled or CampaignState.Open) => CampaignPhase.Paused,
            (CampaignAction.Resume, CampaignState.Paused) => CampaignPhase.Active,
            (CampaignAction.Close, CampaignState.Scheduled or CampaignState.Open or CampaignState.Paused) => CampaignPhase.Closed,
            (CampaignAction.Archive, CampaignState.Closed) => CampaignPhase.Archived,
            _ => (CampaignPhase?)null,
        };
        return phase is { } next ? new Decision.Change(campaign with { Phase = next }) : Refuse(campaign, action, from, now);
    }

    private static Decision.Illegal Refuse(Campaign campaign, CampaignAction action, CampaignState from, DateTimeOffset now)
    {
        var (to, allowedFrom) = action switch
        {
            CampaignAction.Schedule => (now < campaign.OpensAt ? CampaignState.Scheduled : CampaignState.Open, "a draft can be scheduled"),
            CampaignAction.Pause => (CampaignState.Paused, "a scheduled or open campaign can be paused"),
            CampaignAction.Resume => (now < campaign.OpensAt ? CampaignState.Scheduled : CampaignState.Open, "a paused campaign can be resumed"),
            CampaignAction.Close => (CampaignState.Closed, "a scheduled, open or paused campaign can be closed"),
            CampaignAction.Archive => (CampaignState.Archived, "a closed campaign can be archived"),
            _ => throw new ArgumentOutOfRangeException(nameof(action), action, "Not a transition."),
        };
        var detail = action is CampaignAction.Schedule && from is CampaignState.Draft
            ? "The window has ended already: move closesAt into the future, then schedule the campaign."
            : $"Only {allowedFrom}; this one is {Name(from)}.";
        return new Decision.Illegal(from, to, detail);
    }

    /// <summary>A state's name in the API.</summary>
    internal static string Name(CampaignState state) => state.ToString().ToLowerInvariant();
}
