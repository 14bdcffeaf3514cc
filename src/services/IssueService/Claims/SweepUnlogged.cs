using FirstCome.Contracts.Campaigns;
using FirstCome.Engines.Database;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Gate;
using FirstCome.Ledger;
using Microsoft.Extensions.Options;

namespace FirstCome.IssueService.Claims;

/// <summary>
/// Publishes, from any instance, reservations that nobody brought into the log: a failure to publish is never compensated, it is published again.
/// Two instances may publish the same one; the ledger keeps the first.
/// </summary>
internal sealed class SweepUnlogged(
    CampaignDirectory directory, Database ledger, ClaimMetrics metrics, IOptions<ClaimOptions> options, TimeProvider time, ILogger<SweepUnlogged> logger) : BackgroundService
{
    private const int BatchMax = 1_000;

    private Swept _pass = new(0, TimeSpan.Zero, 0, 0);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        metrics.Begin();
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            _pass = new Swept(0, TimeSpan.Zero, 0, _pass.Gaps);
            foreach (var campaign in directory.All.Where(campaign => campaign.Snapshot.Phase is not (CampaignPhase.Draft or CampaignPhase.Archived)))
            {
                try { await SweepAsync(campaign, stoppingToken); }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested) { ClaimsLog.SweepFailed(logger, campaign.Id, exception); _pass = _pass with { Closed = _pass.Closed + 1 }; }
            }
            try { _pass = _pass with { Gaps = await GapsAsync(stoppingToken) }; }
            catch (DatabaseUnavailableException exception) { ClaimsLog.GapsUnknown(logger, exception); }
            metrics.Saw(_pass);
        }
    }

    internal async Task<int> SweepAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        var (status, numbers) = await campaign.Gate.NumbersAsync();
        if (status != GateStatus.Answered)
        {
            _pass = _pass with { Closed = _pass.Closed + 1 };
            return 0;
        }
        if (numbers.Unlogged == 0) { return 0; }
        var (generation, reservations) = await campaign.Gate.UnloggedAsync(BatchMax);
        var age = reservations.Count == 0 ? TimeSpan.Zero : TimeSpan.FromMilliseconds(Math.Max(0, numbers.NowMs - reservations.Min(reservation => reservation.AcceptedAtMs)));
        _pass = _pass with { Unlogged = _pass.Unlogged + numbers.Unlogged, Oldest = age > _pass.Oldest ? age : _pass.Oldest };
        var oldest = numbers.NowMs - (long)options.Value.SweepAge.TotalMilliseconds;
        var due = reservations.Where(reservation => reservation.AcceptedAtMs <= oldest).ToList();
        if (due.Count == 0 || generation != numbers.Generation) { return 0; }
        await campaign.Log.PublishAgainAsync(generation, due, cancellationToken);
        metrics.Republished(due.Count);
        ClaimsLog.ReservationsRepublished(logger, campaign.Id, due.Count);
        return due.Count;
    }

    private Task<long> GapsAsync(CancellationToken cancellationToken) => ledger.ReadAsync(async (connection, token) =>
    {
        await using var command = LedgerValues.Command(connection, null, "SELECT COUNT(*) FROM void_sequence");
        return Convert.ToInt64(await command.ExecuteScalarAsync(token), System.Globalization.CultureInfo.InvariantCulture);
    }, cancellationToken);
}
