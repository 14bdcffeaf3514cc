using FirstCome.Authentication;
using FirstCome.CacheService.Campaigns;
using FirstCome.CacheService.Counts;
using FirstCome.Contracts.Campaigns;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Events;

/// <summary>The data of <c>event: state</c>.</summary>
/// <param name="AsOf">When it was so.</param>
internal sealed record CampaignStateEvent(Guid CampaignId, CampaignState State, int Quota, DateTimeOffset OpensAt, DateTimeOffset ClosesAt, DateTimeOffset AsOf);

/// <summary>What a feed works with.</summary>
internal sealed class FeedSources(CampaignCache campaigns, LiveCounts counts, MemberStandings standings, IOptions<CacheOptions> options, TimeProvider time, ILogger<CampaignFeed> logger)
{
    public CampaignCache Campaigns => campaigns;
    public LiveCounts Counts => counts;
    public MemberStandings Standings => standings;
    public TimeSpan CountsEvery => options.Value.CountsEvery;
    public TimeProvider Time => time;
    public ILogger Logger => logger;
}

/// <summary>
/// Watches one campaign for everybody who has a stream of it: state and counts are looked at once a second, serialised once where they have changed, and given to all.
/// What the clock changes (opening, closing) is told at its instant, and what an operator changes at once, where nothing was told within the last second.
/// </summary>
internal sealed class CampaignFeed(Campaign campaign, FeedSources sources)
{
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1);

    // Nobody takes from a campaign that is not open; releases and late coupons still move its numbers.
    private const int IdleCountsFactor = 5;

    private readonly Lock _lock = new();
    private readonly HashSet<Watcher> _watchers = [];
    private Campaign _campaign = campaign;
    private CampaignStateEvent? _state;
    private CampaignCounts? _counts;
    private EventFrame? _stateFrame, _countsFrame;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private DateTimeOffset _promptFrom;

    /// <summary>Gives a new watcher what is known, and everything from now on.</summary>
    public void Join(Watcher watcher)
    {
        lock (_lock)
        {
            _watchers.Add(watcher);
            if (_stateFrame is not null) { watcher.Pending.OfferState(_stateFrame); }
            if (_countsFrame is not null) { watcher.Pending.OfferCounts(_countsFrame); }
        }
        watcher.Wake();
    }

    /// <summary>True where nobody is left.</summary>
    public bool Leave(Watcher watcher)
    {
        lock (_lock)
        {
            _watchers.Remove(watcher);
            return _watchers.Count == 0;
        }
    }

    /// <summary>The campaign is another one than it was.</summary>
    public void Changed() => Volatile.Read(ref _changed).TrySetResult();

    public Task RunAsync(CancellationToken stopping) => Task.WhenAll(FollowStateAsync(stopping), FollowCountsAsync(stopping));

    private Task FollowStateAsync(CancellationToken stopping)
    {
        var tickAt = DateTimeOffset.MinValue;
        return RepeatAsync(async () =>
        {
            var now = sources.Time.GetUtcNow();
            var isChanged = _changed.Task.IsCompleted && now >= _promptFrom;
            if (isChanged)
            {
                Volatile.Write(ref _changed, new(TaskCreationOptions.RunContinuationsAsynchronously));
                _promptFrom = now + s_tick;
            }
            if (isChanged || now >= tickAt)
            {
                tickAt = now + s_tick;
                _campaign = (await sources.Campaigns.FindAsync(_campaign.Id, stopping)).Held?.Campaign ?? _campaign;
                now = sources.Time.GetUtcNow();
            }
            TellState(now);
            Tick(now);
            return Earliest(tickAt, now);
        }, stopping, () => sources.Time.GetUtcNow() >= _promptFrom ? Volatile.Read(ref _changed).Task : null);
    }

    private Task FollowCountsAsync(CancellationToken stopping)
    {
        var (round, askedIn) = (0, CampaignState.Draft);
        return RepeatAsync(async () =>
        {
            var now = sources.Time.GetUtcNow();
            var (state, next) = (_campaign.StateAt(now), now + sources.CountsEvery);
            if (state == CampaignState.Open || state != askedIn || round++ % IdleCountsFactor == 0)
            {
                var counts = await sources.Counts.FindAsync(_campaign, sources.CountsEvery, stopping);
                next = sources.Time.GetUtcNow() + sources.CountsEvery;
                if (counts is not null) { TellCounts(counts); }
                askedIn = state;
            }
            return next;
        }, stopping);
    }

    // A round answers with the instant of the next.
    private async Task RepeatAsync(Func<Task<DateTimeOffset>> round, CancellationToken stopping, Func<Task?>? sooner = null)
    {
        while (!stopping.IsCancellationRequested)
        {
            DateTimeOffset? next = null;
            try
            {
                next = await round();
            }
            catch (Exception failure) when (!stopping.IsCancellationRequested)
            {
                // A feed that ended would leave its watchers with old numbers and no word of it.
                CacheLog.FeedFailed(sources.Logger, failure, _campaign.Id);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            var pause = next - sources.Time.GetUtcNow() ?? s_tick;
            var wait = pause > TimeSpan.FromMilliseconds(1) ? pause : TimeSpan.FromMilliseconds(1);
            var pausing = Task.Delay(wait, sources.Time, stopping);
            await (sooner?.Invoke() is { } call ? Task.WhenAny(pausing, call) : pausing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private DateTimeOffset Earliest(DateTimeOffset tickAt, DateTimeOffset now)
    {
        if (_campaign.OpensAt > now && _campaign.OpensAt < tickAt) { tickAt = _campaign.OpensAt; }
        return _campaign.ClosesAt > now && _campaign.ClosesAt < tickAt ? _campaign.ClosesAt : tickAt;
    }

    private void TellState(DateTimeOffset now)
    {
        var state = new CampaignStateEvent(_campaign.Id, _campaign.StateAt(now), _campaign.Quota, _campaign.OpensAt, _campaign.ClosesAt, now);
        if (_state is not null && _state with { AsOf = now } == state) { return; }
        var frame = EventFrame.Of(PendingEvents.StateKind, now, state, ApiJson.Options);
        lock (_lock)
        {
            (_state, _stateFrame, _promptFrom) = (state, frame, now + s_tick);
            foreach (var watcher in _watchers)
            {
                watcher.Pending.OfferState(frame);
                watcher.Wake();
            }
        }
    }

    private void TellCounts(CampaignCounts counts)
    {
        if (_counts is not null && _counts with { AsOf = counts.AsOf } == counts) { return; }
        var frame = EventFrame.Of(PendingEvents.CountsKind, counts.AsOf, counts, ApiJson.Options);
        lock (_lock)
        {
            (_counts, _countsFrame) = (counts, frame);
            foreach (var watcher in _watchers)
            {
                watcher.Pending.OfferCounts(frame);
                watcher.Wake();
            }
        }
    }

    private void Tick(DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (var watcher in _watchers)
            {
                if (watcher.Member is { } member && sources.Standings.Refuses(member, watcher.OpenedAt)) { watcher.End("signed-out"); }
                else { watcher.Tick(now); }
            }
        }
    }
}
