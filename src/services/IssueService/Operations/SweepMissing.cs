using FirstCome.Contracts.Campaigns;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Claims;
using Microsoft.Extensions.Options;

namespace FirstCome.IssueService.Operations;

/// <summary>
/// Publishes again the marked claims that the ledger lacks although the worker has read everything: a log that lost acknowledged records must not cost a member the coupon.
/// What is missing twice in a row, half a minute apart, is no longer on its way.
/// </summary>
internal sealed class SweepMissing(
    CampaignDirectory directory, Reconciliation reconciliation, ClaimMetrics metrics, IOptions<ClaimOptions> options, TimeProvider time, ILogger<SweepMissing> logger) : BackgroundService
{
    private readonly HashSet<Guid> _suspected = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.MissingInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var campaign in directory.All.Where(campaign => campaign.Snapshot.Phase is not (CampaignPhase.Draft or CampaignPhase.Archived)))
            {
                try { await SweepAsync(campaign, stoppingToken); }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { ClaimsLog.SweepFailed(logger, campaign.Id, exception); }
            }
        }
    }

    private async Task SweepAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        if (!await reconciliation.LacksRowsAsync(campaign, cancellationToken)) { _suspected.Remove(campaign.Id); return; }
        if (_suspected.Add(campaign.Id)) { return; }
        var published = await reconciliation.PublishMissingAsync(campaign, cancellationToken);
        metrics.Alarm("claims-missing");
        ClaimsLog.MissingRepublished(logger, campaign.Id, published);
        _suspected.Remove(campaign.Id);
    }
}
