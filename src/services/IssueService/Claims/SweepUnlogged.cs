using FirstCome.Contracts.Campaigns;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Gate;
using Microsoft.Extensions.Options;

namespace FirstCome.IssueService.Claims;

/// <summary>
/// Publishes, from any instance, reservations that nobody brought into the log: a failure to publish is never compensated, it is published again.
/// Two instances may publish the same one; the ledger keeps the first.
/// </summary>
internal sealed class SweepUnlogged(CampaignDirectory directory, ClaimMetrics metrics, IOptions<ClaimOptions> options, TimeProvider time, ILogger<SweepUnlogged> logger) : BackgroundService
{
    private const int BatchMax = 1_000;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var campaign in directory.All.Where(campaign => campaign.Snapshot.Phase is not (CampaignPhase.Draft or CampaignPhase.Archived)))
            {
                try { await SweepAsync(campaign, stoppingToken); }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { ClaimsLog.SweepFailed(logger, campaign.Id, exception); }
            }
        }
    }

    internal async Task<int> SweepAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        var (status, numbers) = await campaign.Gate.NumbersAsync();
        if (status != GateStatus.Answered || numbers.Unlogged == 0) { return 0; }
        var (generation, reservations) = await campaign.Gate.UnloggedAsync(BatchMax);
        var oldest = numbers.NowMs - (long)options.Value.SweepAge.TotalMilliseconds;
        var due = reservations.Where(reservation => reservation.AcceptedAtMs <= oldest).ToList();
        if (due.Count == 0 || generation != numbers.Generation) { return 0; }
        await campaign.Log.PublishAgainAsync(generation, due, cancellationToken);
        metrics.Republished(due.Count);
        ClaimsLog.ReservationsRepublished(logger, campaign.Id, due.Count);
        return due.Count;
    }
}
