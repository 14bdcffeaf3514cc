using System.Collections.Concurrent;
using System.Threading.Channels;
using FirstCome.Contracts.Campaigns;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.IssueService.Recovery;

/// <summary>
/// Sees to it that every campaign's gate is open: at start, when a claim finds one lost, and by looking every few seconds. One rebuild of a campaign at a time at this instance;
/// one that another instance began is left to it for a while and then taken over.
/// </summary>
internal sealed class GateRecovery(
    CampaignDirectory directory, RebuildGate rebuild, ClaimMetrics metrics, IOptions<ClaimOptions> options, TimeProvider time, ILogger<GateRecovery> logger) : BackgroundService, IHealthSignal
{
    private const int AtOnceMax = 4;
    private static readonly TimeSpan s_lookEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_retryMax = TimeSpan.FromSeconds(5);

    private readonly Channel<Guid> _wanted = Channel.CreateUnbounded<Guid>(new UnboundedChannelOptions { SingleReader = false });
    private readonly ConcurrentDictionary<Guid, Recovering> _recovering = new();
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public string Name => "gates";

    public HealthState Current =>
        !_loaded.Task.IsCompletedSuccessfully ? new HealthState(Severity.Failed, "The ledger's campaigns are not loaded yet.")
        : _recovering.IsEmpty ? HealthState.Ok
        : new HealthState(Severity.Degraded, $"{_recovering.Count} gates are being rebuilt; their claims are answered 503 recovering.");

    /// <summary>Asks for a campaign's gate; nothing happens where it is under way already.</summary>
    public void Want(Guid campaign)
    {
        // The dictionary bounds the channel: a campaign stands in it once.
        if (_recovering.TryAdd(campaign, new Recovering())) { _wanted.Writer.TryWrite(campaign); }
    }

    /// <summary>Asks for a campaign's gate and waits until it is open, or the token is cancelled.</summary>
    public async Task OpenAsync(ActiveCampaign campaign, CancellationToken cancellationToken)
    {
        while ((await campaign.Gate.LookAsync()).Status != GateStatus.Answered)
        {
            Want(campaign.Id);
            if (_recovering.TryGetValue(campaign.Id, out var recovering)) { await recovering.Done.Task.WaitAsync(cancellationToken); }
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        directory.GateLost = Want;
        await LoadAsync(stoppingToken);
        await Task.WhenAll([LookAsync(stoppingToken), .. Enumerable.Range(0, AtOnceMax).Select(_ => RebuildAsync(stoppingToken))]);
    }

    private async Task LoadAsync(CancellationToken stopping)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                await directory.LoadAsync(stopping);
                _loaded.TrySetResult();
                return;
            }
            catch (Exception exception) when (!stopping.IsCancellationRequested)
            {
                RecoveryLog.RebuildFailed(logger, Guid.Empty, exception);
                await Task.Delay(Backoff(attempt), time, stopping);
            }
        }
    }

    private async Task LookAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(s_lookEvery, time);
        do
        {
            foreach (var campaign in directory.All.Where(campaign => campaign.Snapshot.Phase is not (CampaignPhase.Draft or CampaignPhase.Archived)))
            {
                try { if ((await campaign.Gate.LookAsync()).Status != GateStatus.Answered) { Want(campaign.Id); } }
                catch (Exception exception) when (!stopping.IsCancellationRequested) { RecoveryLog.RebuildFailed(logger, campaign.Id, exception); }
            }
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private async Task RebuildAsync(CancellationToken stopping)
    {
        await foreach (var id in _wanted.Reader.ReadAllAsync(stopping))
        {
            for (var attempt = 0; ; attempt++)
            {
                try
                {
                    if (await IsSettledAsync(id, stopping)) { break; }
                    var outcome = await rebuild.RunAsync(id, stopping);
                    if (outcome == RebuildOutcome.Opened) { metrics.Rebuilt(); }
                    if (outcome == RebuildOutcome.ClockOff) { metrics.Alarm("clock-off"); }
                    if (outcome == RebuildOutcome.Evicts) { metrics.Alarm("redis-evicts"); }
                    if (outcome == RebuildOutcome.Unconfirmed) { metrics.Alarm("replicas-away"); }
                }
                catch (Exception exception) when (!stopping.IsCancellationRequested) { RecoveryLog.RebuildFailed(logger, id, exception); }
                await Task.Delay(Backoff(attempt), time, stopping);
            }
            if (_recovering.TryRemove(id, out var done)) { done.Done.TrySetResult(); }
        }
    }

    // Open, or without a gate for good. While another instance rebuilds, this one waits; a rebuild that stands still is taken over.
    private async Task<bool> IsSettledAsync(Guid id, CancellationToken stopping)
    {
        var campaign = directory.Known(id);
        if (campaign is null || campaign.Snapshot.Phase is CampaignPhase.Draft or CampaignPhase.Archived) { return true; }
        var since = time.GetTimestamp();
        while (true)
        {
            var (status, _) = await campaign.Gate.LookAsync();
            if (status == GateStatus.Answered) { return true; }
            if (status == GateStatus.Lost || time.GetElapsedTime(since) > options.Value.RebuildTakeover) { return false; }
            await Task.Delay(TimeSpan.FromMilliseconds(100), time, stopping);
        }
    }

    private static TimeSpan Backoff(int attempt) => TimeSpan.FromMilliseconds(Math.Min(s_retryMax.TotalMilliseconds, 20 * Math.Pow(2, Math.Min(attempt, 10)) * (0.5 + Random.Shared.NextDouble())));

    private sealed class Recovering
    {
        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
