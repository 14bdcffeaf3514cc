using FirstCome.Contracts.Campaigns;

namespace FirstCome.CacheService.Events;

/// <summary>The campaigns that are watched now, and the members who watch them. A feed lives as long as it has a watcher.</summary>
internal sealed class Feeds(FeedSources sources)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<Guid, Running> _byCampaign = [];
    private readonly Dictionary<Guid, List<Watcher>> _byMember = [];

    private sealed record Running(CampaignFeed Feed, CancellationTokenSource Stopping);

    public void Join(Watcher watcher, Campaign campaign)
    {
        lock (_lock)
        {
            if (!_byCampaign.TryGetValue(watcher.Campaign, out var running))
            {
                running = new(new(campaign, sources), new());
                _byCampaign.Add(watcher.Campaign, running);
                var (feed, stopping) = (running.Feed, running.Stopping.Token);
                // Its rounds catch what they meet; it ends only by its token.
                _ = Task.Run(() => feed.RunAsync(stopping), CancellationToken.None);
            }
            running.Feed.Join(watcher);
            if (watcher.Member is not { } member) { return; }
            if (!_byMember.TryGetValue(member, out var streams)) { _byMember.Add(member, streams = []); }
            streams.Add(watcher);
        }
    }

    public void Leave(Watcher watcher)
    {
        lock (_lock)
        {
            if (watcher.Member is { } member && _byMember.TryGetValue(member, out var streams) && streams.Remove(watcher) && streams.Count == 0) { _byMember.Remove(member); }
            if (!_byCampaign.TryGetValue(watcher.Campaign, out var running) || !running.Feed.Leave(watcher)) { return; }
            _byCampaign.Remove(watcher.Campaign);
            running.Stopping.Cancel();
            running.Stopping.Dispose();
        }
    }

    /// <summary>Lets the campaign's streams hear of a change that the cache knows.</summary>
    public void Changed(Guid campaign)
    {
        lock (_lock) { _byCampaign.GetValueOrDefault(campaign)?.Feed.Changed(); }
    }

    /// <summary>Whether any member has a stream open here.</summary>
    public bool AnyMember
    {
        get { lock (_lock) { return _byMember.Count > 0; } }
    }

    /// <summary>The member's streams of one campaign.</summary>
    public IReadOnlyList<Watcher> Of(Guid member, Guid campaign)
    {
        lock (_lock) { return _byMember.TryGetValue(member, out var streams) ? [.. streams.Where(watcher => watcher.Campaign == campaign)] : []; }
    }
}
