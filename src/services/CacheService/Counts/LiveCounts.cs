using FirstCome.CacheService.Caching;
using FirstCome.CacheService.Sources;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Counts;

/// <summary>The live numbers of campaigns, in memory: IssueService is asked at most once in <see cref="CacheOptions.CountsEvery"/> for each campaign, however many watch it.</summary>
internal sealed class LiveCounts(IssueServiceSource source, IOptions<CacheOptions> options, CacheMetrics metrics, TimeProvider time)
{
    private const string Name = "counts";

    private readonly CacheOptions _options = options.Value;
    private readonly SingleFlight<Guid, GateCounts?> _loads = new();
    private readonly BoundedMap<Guid, Kept> _kept = new(options.Value.CampaignsMax);

    /// <param name="AskedAt">When IssueService was asked last, also in vain.</param>
    private sealed record Kept(GateCounts? Counts, DateTimeOffset ReceivedAt, DateTimeOffset AskedAt);

    /// <summary>
    /// The numbers now; older ones, up to <see cref="CacheOptions.CountsStaleFor"/>, where IssueService does not answer within <paramref name="wait"/>; null where
    /// they cannot be known. <c>asOf</c> tells how old they are.
    /// </summary>
    public async ValueTask<CampaignCounts?> FindAsync(Campaign campaign, TimeSpan wait, CancellationToken cancellationToken)
    {
        // A draft has no gate that could be asked.
        if (campaign.Phase == CampaignPhase.Draft) { return Of(campaign, new(0, 0, 0, time.GetUtcNow())); }
        if (TryRemember(campaign.Id, out var counts)) { return Of(campaign, counts); }
        metrics.Lookup(Name, CacheLayer.Memory, CacheResult.Miss);
        try
        {
            counts = await _loads.RunAsync(campaign.Id, LoadAsync, cancellationToken).WaitAsync(wait, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            counts = Recent(campaign.Id);
        }
        return Of(campaign, counts);
    }

    private async Task<GateCounts?> LoadAsync(Guid campaign)
    {
        if (TryRemember(campaign, out var counts)) { return counts; }
        var askedAt = time.GetUtcNow();
        var answer = await source.CountsAsync(campaign, CancellationToken.None);
        metrics.Lookup(Name, CacheLayer.Source, answer.Outcome == SourceOutcome.Found ? CacheResult.Hit : CacheResult.Error);
        // Written when the answer is there: until then whoever comes joins the load.
        _kept.Put(campaign, kept => answer.Value is { } known ? new(known, time.GetUtcNow(), askedAt) : new(kept?.Counts, kept?.ReceivedAt ?? default, askedAt));
        return Recent(campaign);
    }

    // False where it is time to ask again.
    private bool TryRemember(Guid campaign, out GateCounts? counts)
    {
        counts = null;
        if (!_kept.TryGet(campaign, out var kept) || time.GetUtcNow() - kept.AskedAt >= _options.CountsEvery) { return false; }
        counts = Recent(campaign);
        metrics.Lookup(Name, CacheLayer.Memory, counts is null ? CacheResult.Error : kept.ReceivedAt >= kept.AskedAt ? CacheResult.Hit : CacheResult.Stale);
        return true;
    }

    private GateCounts? Recent(Guid campaign) =>
        _kept.TryGet(campaign, out var kept) && kept.Counts is not null && time.GetUtcNow() - kept.ReceivedAt <= _options.CountsStaleFor ? kept.Counts : null;

    private CampaignCounts? Of(Campaign campaign, GateCounts? counts) => counts is null ? null : new(
        campaign.StateAt(time.GetUtcNow()), campaign.Quota, counts.Accepted, counts.Issued, counts.Released, campaign.Quota + counts.Released - counts.Accepted, counts.AsOf);
}
