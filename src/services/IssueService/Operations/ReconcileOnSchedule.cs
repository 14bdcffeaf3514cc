using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.IssueService.Operations;

/// <summary>
/// Compares each campaign that has a gate: often while it runs and an hour longer, then once a day until it is archived. One instance does it, whichever comes first. It tells, by log, alarm and trail, and
/// mends nothing: <see cref="SweepMissing"/> does what needs no person. A run that could not judge everything is told too, and repeated soon: silence must mean that nothing differs.
/// </summary>
internal sealed class ReconcileOnSchedule(
    CampaignDirectory directory, CompareClaims compare, ReconciliationRuns runs, ClaimMetrics metrics, IOptions<ClaimOptions> options, TimeProvider time, ILogger<ReconcileOnSchedule> logger) : BackgroundService
{
    private static readonly TimeSpan s_afterClose = TimeSpan.FromHours(1), s_seldom = TimeSpan.FromDays(1);

    // How often it looks whose turn it is, of the interval.
    private const int LooksPerInterval = 5;

    // What this instance could not judge when it last tried. Once may be a worker that is some seconds behind its crowd, or a service that starts; twice in a row asks for a person.
    private readonly HashSet<Guid> _unjudged = [];

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.ReconciliationInterval / LooksPerInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            foreach (var campaign in directory.All.Where(campaign => campaign.Snapshot.Phase is not (CampaignPhase.Draft or CampaignPhase.Archived)))
            {
                try { await RunAsync(campaign, stoppingToken); }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { OperationsLog.ReconciliationFailed(logger, campaign.Id, exception); }
            }
        }
    }

    private async Task RunAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        var often = options.Value.ReconciliationInterval;
        var interval = time.GetUtcNow() < campaign.Snapshot.ClosesAt + s_afterClose ? often : s_seldom;
        if (!await runs.TakeTurnAsync(campaign.Id, interval, cancellationToken)) { return; }
        Comparison comparison;
        try { comparison = await compare.RunAsync(campaign, cancellationToken); }
        catch
        {
            await AgainAsync();
            throw;
        }
        var differences = comparison.Differences;
        foreach (var difference in differences)
        {
            metrics.Alarm($"differs-{difference.Kind}");
            OperationsLog.Differs(logger, campaign.Id, difference.Kind, difference.Count, difference.Sequences[0]);
        }
        // What was seen of a part is no word about the whole: the trail keeps it only where it is a difference.
        if (differences.Count > 0 || comparison.Unjudged.Count == 0) { await runs.KeepIfNewAsync(campaign.Id, JsonSerializer.SerializeToElement(differences, ApiJson.Options), cancellationToken); }
        if (comparison.Unjudged.Count > 0)
        {
            OperationsLog.Unjudged(logger, campaign.Id, string.Join(", ", comparison.Unjudged));
            await AgainAsync();
        }

        else { _unjudged.Remove(campaign.Id); }

        async Task AgainAsync()
        {
            if (!_unjudged.Add(campaign.Id)) { metrics.Alarm(ClaimMetrics.NotReconciled); }
            if (interval > often) { await runs.GiveTurnBackAsync(campaign.Id, interval - often, cancellationToken); }
        }
    }
}

internal static partial class OperationsLog
{
    [LoggerMessage(EventId = 1301, Level = LogLevel.Error, Message = "Campaign {CampaignId}: gate, ledger and coupons differ: {Kind} {Count} times, first at number {Sequence}.")]
    public static partial void Differs(ILogger logger, Guid campaignId, string kind, long count, long sequence);

    [LoggerMessage(EventId = 1303, Level = LogLevel.Warning, Message = "Campaign {CampaignId}: of its reconciliation this could not be judged: {Sides}; it is repeated.")]
    public static partial void Unjudged(ILogger logger, Guid campaignId, string sides);

    [LoggerMessage(EventId = 1302, Level = LogLevel.Warning, Message = "Campaign {CampaignId}: it could not be reconciled; the next run tries again.")]
    public static partial void ReconciliationFailed(ILogger logger, Guid campaignId, Exception exception);
}
