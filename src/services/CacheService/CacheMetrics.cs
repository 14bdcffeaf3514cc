using System.Diagnostics.Metrics;

namespace FirstCome.CacheService;

/// <summary>Where an answer was looked for.</summary>
internal enum CacheLayer
{
    Memory,
    Redis,
    Source,
}

/// <summary>What a layer had.</summary>
internal enum CacheResult
{
    /// <summary>A fresh answer.</summary>
    Hit,
    /// <summary>Nothing, or nothing fresh: the next layer is asked.</summary>
    Miss,
    /// <summary>It is known that there is none.</summary>
    Negative,
    /// <summary>An older answer, because the source is away.</summary>
    Stale,
    /// <summary>The layer failed.</summary>
    Error,
}

/// <summary>
/// The meter <c>FirstCome.CacheService</c>. A layer's hit rate is its hits by its lookups: <c>firstcome_cache_lookups_total{cache,layer,result}</c>, where
/// <c>cache</c> is campaign, list or counts, and Redis and source count one lookup for all who wait for it.
/// </summary>
internal sealed class CacheMetrics
{
    public const string MeterName = "FirstCome.CacheService";

    private static readonly string[] s_layers = ["memory", "redis", "source"], s_results = ["hit", "miss", "negative", "stale", "error"];

    private readonly Counter<long> _lookups;
    private readonly Counter<long> _eventsWritten;
    private readonly Counter<long> _streamsEnded;

    public CacheMetrics(IMeterFactory meters, Events.StreamCount streams)
    {
        var meter = meters.Create(MeterName);
        _lookups = meter.CreateCounter<long>("firstcome.cache.lookups", "{lookup}", "Lookups by cache, layer and result.");
        _eventsWritten = meter.CreateCounter<long>("firstcome.events.written", "{event}", "Server-sent events written, by kind.");
        _streamsEnded = meter.CreateCounter<long>("firstcome.events.streams.ended", "{stream}", "Event streams ended, by reason.");
        meter.CreateObservableUpDownCounter("firstcome.events.streams", () => (long)streams.Open, "{stream}", "Event streams open now.");
    }

    public void Lookup(string cache, CacheLayer layer, CacheResult result) =>
        _lookups.Add(1, new("cache", cache), new("layer", s_layers[(int)layer]), new("result", s_results[(int)result]));

    public void EventWritten(string kind) => _eventsWritten.Add(1, new KeyValuePair<string, object?>("kind", kind));

    public void StreamEnded(string reason) => _streamsEnded.Add(1, new KeyValuePair<string, object?>("reason", reason));
}
