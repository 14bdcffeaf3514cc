using FirstCome.CacheService.Caching;
using FirstCome.CacheService.Sources;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Campaigns;

/// <summary>What came of looking a campaign up.</summary>
/// <param name="Held">The campaign; null where there is none, or none that is known.</param>
/// <param name="Unavailable">Whether it cannot be known at the moment.</param>
internal readonly record struct CampaignAnswer(HeldCampaign? Held, CacheLayer Layer, bool Unavailable = false);

/// <summary>
/// Campaigns by id: memory, then Redis, then CouponService, one load however many ask. Fresh is what an event or CouponService has said within
/// <see cref="CacheOptions.FreshFor"/>, and since this instance has been following the events: what was said before may have been changed while nobody listened, or be one of several
/// events that are read again. While CouponService is away an older answer is given.
/// </summary>
/// <remarks>
/// HybridCache also joins concurrent loads over two layers, but it keeps no answer for the time when the source is away, has no order of versions between loads and
/// events, no bound by number, and no meter by layer.
/// </remarks>
internal sealed class CampaignCache(
    CampaignsInRedis redis, CouponServiceSource source, IOptions<CacheOptions> options, CacheMetrics metrics, TimeProvider time)
{
    private const string Name = "campaign";

    private readonly CacheOptions _options = options.Value;
    // In the milliseconds in which Redis and the log tell instants.
    private readonly DateTimeOffset _followsSince = DateTimeOffset.FromUnixTimeMilliseconds(time.GetUtcNow().ToUnixTimeMilliseconds());
    private readonly SingleFlight<Guid, CampaignAnswer> _loads = new();
    private readonly BoundedMap<Guid, HeldCampaign> _held = new(options.Value.CampaignsMax);

    // Apart from the campaigns, so that made-up ids push out nothing but each other.
    private readonly BoundedMap<Guid, Absence> _absent = new(options.Value.CampaignsMax);

    private sealed record Absence(bool Unknown, DateTimeOffset Until);

    public async ValueTask<CampaignAnswer> FindAsync(Guid id, CancellationToken cancellationToken)
    {
        if (Remembered(id) is { } remembered) { return remembered; }
        metrics.Lookup(Name, CacheLayer.Memory, CacheResult.Miss);
        var load = _loads.RunAsync(id, LoadAsync, cancellationToken);
        if (Stale(id) is not { } stale || stale.ConfirmedAt < _followsSince) { return await load; }
        try
        {
            return await load.WaitAsync(_options.StaleWait, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            return Answer(stale, CacheLayer.Memory, CacheResult.Stale);
        }
    }

    /// <summary>Takes what the owner has just said. An older version than the one held is ignored while that one is fresh.</summary>
    public async Task ApplyAsync(HeldCampaign said) => await redis.WriteAsync(Hold(said));

    private async Task<CampaignAnswer> LoadAsync(Guid id)
    {
        if (Remembered(id) is { } remembered) { return remembered; }
        var shared = await redis.ReadAsync(id);
        if (shared is not null && IsFresh(shared)) { return Answer(Hold(shared), CacheLayer.Redis, CacheResult.Hit); }
        metrics.Lookup(Name, CacheLayer.Redis, CacheResult.Miss);

        var askedAt = time.GetUtcNow();
        // Nobody's token: the load is everybody's. The client has its own time limit.
        var answer = await source.CampaignAsync(id, CancellationToken.None);
        switch (answer.Outcome)
        {
            case SourceOutcome.Found:
                var held = Hold(new(answer.Value!, askedAt));
                await redis.WriteAsync(held);
                return Answer(held, CacheLayer.Source, CacheResult.Hit);
            case SourceOutcome.NotFound:
                if (_held.TryGet(id, out var meanwhile) && meanwhile.ConfirmedAt >= askedAt) { return Answer(meanwhile, CacheLayer.Memory, CacheResult.Hit); }
                _held.Remove(id);
                _absent.Put(id, _ => new(Unknown: true, askedAt + _options.NegativeFor));
                metrics.Lookup(Name, CacheLayer.Source, CacheResult.Negative);
                return new(null, CacheLayer.Source);
            default:
                _absent.Put(id, _ => new(Unknown: false, time.GetUtcNow() + _options.NegativeFor));
                metrics.Lookup(Name, CacheLayer.Source, CacheResult.Error);
                if (shared is not null) { Hold(shared); }
                return Stale(id) is { } stale ? Answer(stale, CacheLayer.Memory, CacheResult.Stale) : new(null, CacheLayer.Source, Unavailable: true);
        }
    }

    private CampaignAnswer? Remembered(Guid id)
    {
        if (_held.TryGet(id, out var held) && IsFresh(held)) { return Answer(held, CacheLayer.Memory, CacheResult.Hit); }
        if (!_absent.TryGet(id, out var absence) || time.GetUtcNow() >= absence.Until) { return null; }
        if (absence.Unknown)
        {
            metrics.Lookup(Name, CacheLayer.Memory, CacheResult.Negative);
            return new(null, CacheLayer.Memory);
        }
        if (Stale(id) is { } stale) { return Answer(stale, CacheLayer.Memory, CacheResult.Stale); }
        metrics.Lookup(Name, CacheLayer.Memory, CacheResult.Error);
        return new(null, CacheLayer.Memory, Unavailable: true);
    }

    private HeldCampaign? Stale(Guid id) => _held.TryGet(id, out var held) && time.GetUtcNow() - held.ConfirmedAt <= _options.StaleFor ? held : null;

    private bool IsFresh(HeldCampaign held) => held.ConfirmedAt >= _followsSince && time.GetUtcNow() - held.ConfirmedAt <= _options.FreshFor;

    private HeldCampaign Hold(HeldCampaign said) => _held.Put(said.Campaign.Id, held => held is null ? said : Newer(held, said));

    private HeldCampaign Newer(HeldCampaign held, HeldCampaign said) => said.Campaign.Version.CompareTo(held.Campaign.Version) switch
    {
        > 0 => said,
        0 => said.ConfirmedAt > held.ConfirmedAt ? said : held,
        // A database restored from its backup counts from an older version; it is believed once nothing newer has been confirmed for a while.
        _ => said.ConfirmedAt - held.ConfirmedAt > _options.FreshFor ? said : held,
    };

    private CampaignAnswer Answer(HeldCampaign held, CacheLayer layer, CacheResult result)
    {
        metrics.Lookup(Name, layer, result);
        return new(held, layer);
    }
}
