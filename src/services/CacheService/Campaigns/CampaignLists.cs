using FirstCome.CacheService.Caching;
using FirstCome.CacheService.Sources;
using FirstCome.Contracts.Internal;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Campaigns;

/// <param name="Page">Null where it is unknown (<paramref name="Outcome"/> tells why).</param>
internal readonly record struct ListAnswer(CampaignPage? Page, DateTimeOffset ConfirmedAt, SourceOutcome Outcome);

/// <summary>
/// Pages of the list, in memory only: a change of any campaign makes every page old, so sharing them would gain little. While CouponService is away older pages are given.
/// </summary>
internal sealed class CampaignLists(CouponServiceSource source, IOptions<CacheOptions> options, CacheMetrics metrics, TimeProvider time)
{
    private const string Name = "list";

    private readonly CacheOptions _options = options.Value;
    private readonly SingleFlight<CampaignQuery, ListAnswer> _loads = new();
    private readonly BoundedMap<CampaignQuery, Kept> _kept = new(options.Value.ListsMax);
    private long _changes;

    /// <param name="Changes">How many changes had been seen when the page was asked for.</param>
    /// <param name="AskedAt">When CouponService was asked last, also in vain.</param>
    private sealed record Kept(CampaignPage Page, DateTimeOffset ConfirmedAt, long Changes, DateTimeOffset AskedAt);

    /// <summary>A campaign has changed, so every page may have.</summary>
    public void Changed() => Interlocked.Increment(ref _changes);

    public async ValueTask<ListAnswer> FindAsync(CampaignQuery query, CancellationToken cancellationToken)
    {
        if (Remembered(query) is { } remembered) { return remembered; }
        metrics.Lookup(Name, CacheLayer.Memory, CacheResult.Miss);
        var load = _loads.RunAsync(query, LoadAsync, cancellationToken);
        if (Stale(query) is not { } stale) { return await load; }
        try
        {
            return await load.WaitAsync(_options.StaleWait, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return Answer(stale, CacheLayer.Memory, CacheResult.Stale);
        }
    }

    private async Task<ListAnswer> LoadAsync(CampaignQuery query)
    {
        if (Remembered(query) is { } remembered) { return remembered; }
        var (changes, askedAt) = (Interlocked.Read(ref _changes), time.GetUtcNow());
        var answer = await source.CampaignsAsync(query, CancellationToken.None);
        if (answer.Outcome == SourceOutcome.Found) { return Answer(_kept.Put(query, _ => new(answer.Value!, askedAt, changes, askedAt)), CacheLayer.Source, CacheResult.Hit); }
        metrics.Lookup(Name, CacheLayer.Source, CacheResult.Error);
        if (answer.Outcome != SourceOutcome.Away || Stale(query) is not { } stale) { return new(null, askedAt, answer.Outcome); }
        return Answer(_kept.Put(query, kept => (kept ?? stale) with { AskedAt = time.GetUtcNow() }), CacheLayer.Memory, CacheResult.Stale);
    }

    private ListAnswer? Remembered(CampaignQuery query)
    {
        if (!_kept.TryGet(query, out var kept)) { return null; }
        var now = time.GetUtcNow();
        var unchanged = kept.Changes == Interlocked.Read(ref _changes);
        if (unchanged && now - kept.ConfirmedAt <= _options.ListFreshFor) { return Answer(kept, CacheLayer.Memory, CacheResult.Hit); }
        // CouponService was asked in vain a moment ago.
        return kept.AskedAt > kept.ConfirmedAt && now - kept.AskedAt <= _options.NegativeFor ? Answer(kept, CacheLayer.Memory, CacheResult.Stale) : null;
    }

    private Kept? Stale(CampaignQuery query) => _kept.TryGet(query, out var kept) && time.GetUtcNow() - kept.ConfirmedAt <= _options.StaleFor ? kept : null;

    private ListAnswer Answer(Kept kept, CacheLayer layer, CacheResult result)
    {
        metrics.Lookup(Name, layer, result);
        return new(kept.Page, kept.ConfirmedAt, SourceOutcome.Found);
    }
}
