using FirstCome.Contracts.Campaigns;
using FirstCome.ServiceDefaults;

namespace FirstCome.Web.Console.Dashboard;

/// <summary>The campaigns that an operator looks after at the moment: the open and the paused ones, and those that open next.</summary>
/// <param name="More">How many of them are not shown.</param>
/// <param name="IsAtLeast">Whether there may be more than that.</param>
internal sealed record CampaignsOfNow(IReadOnlyList<CampaignView> Shown, int More, bool IsAtLeast)
{
    /// <summary>As many as one page of a list may have.</summary>
    public const int ListMax = 200;

    public const int ShownMax = 12;

    private const int NextMax = 3;

    /// <summary>Real ones before rehearsals; a paused one, which waits for somebody to decide, before those that run; of those that wait the soonest first.</summary>
    public static CampaignsOfNow Of(Page<CampaignView> open, Page<CampaignView> paused, Page<CampaignView> scheduled)
    {
        List<CampaignView> live = [.. paused.Items.Concat(open.Items).OrderBy(campaign => campaign.Rehearsal)];
        var next = scheduled.Items.OrderBy(campaign => campaign.OpensAt).ToList();
        var shown = live.Take(ShownMax - Math.Min(NextMax, next.Count)).ToList();
        shown.AddRange(next.Take(Math.Min(NextMax, ShownMax - shown.Count)));
        return new(shown, live.Count + next.Count - shown.Count, open.Next is not null || paused.Next is not null || scheduled.Next is not null);
    }
}
