using FirstCome.Contracts.Campaigns;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Eligibility;
using FirstCome.IssueService.Gate;

namespace FirstCome.IssueService.Campaigns;

/// <summary>A campaign at this instance: the newest snapshot, its gate, the claims on their way, and what is remembered of being sold out.</summary>
internal sealed class ActiveCampaign
{
    private static readonly TimeSpan s_refreshSoldOutAfter = SoldOutMemory.Lifetime / 2;

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping;
    private readonly Task _running;
    private volatile Campaign _snapshot;
    private volatile SoldOutMemory? _soldOut;
    private long _soldOutAskedAt;
    private int _soldOutAsking;

    public ActiveCampaign(
        Campaign campaign, CampaignGate gate, IEventLog log, ClaimOptions options, ClaimMetrics metrics, TimeProvider time, ILogger logger, Action<Guid> gateLost, CancellationToken stopping)
    {
        (_snapshot, _time, _logger) = (campaign, time, logger);
        _stopping = CancellationTokenSource.CreateLinkedTokenSource(stopping);
        Gate = gate;
        Log = new ClaimLog(campaign.Id, log, Gate, options, metrics, time, logger);
        Queue = new ClaimQueue(Gate, Log, options, metrics, time, logger, () => gateLost(campaign.Id), () => RefreshSoldOut());
        FirstInGroup = campaign.Audience.Any(condition => condition.Kind == AudienceCondition.FirstInGroupKind);
        _running = Task.WhenAll(Queue.RunAsync(_stopping.Token), Log.RunAsync(_stopping.Token));
    }

    public Guid Id => _snapshot.Id;

    /// <summary>The newest version known here.</summary>
    public Campaign Snapshot => _snapshot;

    public CampaignGate Gate { get; }

    public ClaimQueue Queue { get; }

    public ClaimLog Log { get; }

    /// <summary>Whether the gate judges <c>firstInGroup</c>; fixed once scheduled.</summary>
    public bool FirstInGroup { get; }

    /// <summary>The members of the uploaded list, of the snapshot's list version; null until loaded or where there is none.</summary>
    public AudienceList? List { get; set; }

    /// <summary>Takes a snapshot unless it is older than the one here.</summary>
    public void Take(Campaign campaign)
    {
        lock (_stopping)
        {
            if (campaign.Version > _snapshot.Version) { _snapshot = campaign; }
        }
    }

    /// <summary>The memory of being sold out, where it may be answered from: fresh, of the campaign's newest version, and neither paused nor past the window.</summary>
    public SoldOutMemory? UsableSoldOut(DateTimeOffset now)
    {
        var memory = _soldOut;
        if (memory is null || FirstInGroup || !memory.IsFresh || !memory.Running || memory.Version < _snapshot.Version || now >= memory.ClosesAt) { return null; }
        if (_time.GetElapsedTime(Volatile.Read(ref _soldOutAskedAt)) > s_refreshSoldOutAfter) { RefreshSoldOut(); }
        return memory;
    }

    /// <summary>Ends the queues; what waits is told 503.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        await _running;
        _stopping.Dispose();
    }

    // One question at a time, and none more often than the refresh asks for.
    private void RefreshSoldOut()
    {
        if (FirstInGroup || Interlocked.Exchange(ref _soldOutAsking, 1) == 1) { return; }
        _ = ReadSoldOutAsync();
    }

    private async Task ReadSoldOutAsync()
    {
        try
        {
            Volatile.Write(ref _soldOutAskedAt, _time.GetTimestamp());
            _soldOut = await Gate.SoldOutAsync(_time);
        }
        catch (Exception exception)
        {
            _soldOut = null;
            ClaimsLog.SoldOutUnknown(_logger, Id, exception);
        }
        finally { Volatile.Write(ref _soldOutAsking, 0); }
    }
}
