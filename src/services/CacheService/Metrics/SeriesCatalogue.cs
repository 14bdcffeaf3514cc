using System.Collections.Frozen;

namespace FirstCome.CacheService.Metrics;

/// <summary>
/// The series of the console: the name in the answer, and the metric it is made of as it stands on the services' pages. Adding a series is a line here.
/// </summary>
internal static class SeriesCatalogue
{
    private const string IssueService = "issue-service", IssueWorker = "issue-worker", CouponService = "coupon-service", CacheService = "cache-service";
    private const string Requests = "http_server_request_duration_seconds";

    public static readonly IReadOnlyList<SeriesDefinition> All =
    [
        new("claims.perSecond", "1/s", IssueService, "firstcome_claims_total", SeriesKind.Rate, ["outcome"]),
        new("claims.count", "1", IssueService, "firstcome_claims_total", SeriesKind.Growth, ["outcome"]),
        new("claims.republished.perSecond", "1/s", IssueService, "firstcome_claims_republished_total", SeriesKind.Rate, []),
        new("gate.duration.p50", "s", IssueService, "firstcome_gate_duration_seconds", SeriesKind.Percentile, [], 0.5),
        new("gate.duration.p99", "s", IssueService, "firstcome_gate_duration_seconds", SeriesKind.Percentile, [], 0.99),
        new("gate.batch.p50", "1", IssueService, "firstcome_gate_batch", SeriesKind.Percentile, [], 0.5),
        new("log.acknowledge.p99", "s", IssueService, "firstcome_log_acknowledge_duration_seconds", SeriesKind.Percentile, [], 0.99),
        new("worker.lag", "1", IssueWorker, "firstcome_worker_lag", SeriesKind.Highest, []),
        new("worker.records.perSecond", "1/s", IssueWorker, "firstcome_worker_records_total", SeriesKind.Rate, ["outcome"]),
        new("worker.batch.mean", "1", IssueWorker, "firstcome_worker_batch", SeriesKind.Mean, []),
        new("worker.duration.p99", "s", IssueWorker, "firstcome_worker_duration_seconds", SeriesKind.Percentile, [], 0.99),
        new("coupons.made.perSecond", "1/s", CouponService, "firstcome_coupons_made_total", SeriesKind.Rate, []),
        new("alarms.perSecond", "1/s", null, "firstcome_alarms_total", SeriesKind.Rate, ["kind"]),
        new("cache.lookups.perSecond", "1/s", CacheService, "firstcome_cache_lookups_total", SeriesKind.Rate, ["cache", "layer", "result"]),
        new("events.streams", "1", CacheService, "firstcome_events_streams", SeriesKind.Gauge, []),
        new("http.requests.perSecond", "1/s", null, Requests + "_count", SeriesKind.Rate, []) { Only = IsWork },
        new("http.failures.perSecond", "1/s", null, Requests + "_count", SeriesKind.Rate, []) { Only = sample => IsWork(sample) && sample.Label("http_response_status_code")?[0] == '5' },
        new("http.duration.p50", "s", null, Requests, SeriesKind.Percentile, [], 0.5) { Only = IsWork },
        new("http.duration.p99", "s", null, Requests, SeriesKind.Percentile, [], 0.99) { Only = IsWork },
        new("process.cpu", "s/s", null, "dotnet_process_cpu_time_seconds_total", SeriesKind.Rate, []),
        new("process.memory", "By", null, "dotnet_process_memory_working_set_bytes", SeriesKind.Gauge, []),
    ];

    private static readonly FrozenSet<string> s_wanted = All.SelectMany(definition => definition.SampleNames).ToFrozenSet();

    /// <summary>The catalogue in one line, for the API's description.</summary>
    public static string Description { get; } = string.Join(", ", All.Select(definition => $"{definition.Name} ({definition.Unit})"));

    public static bool IsWanted(string sampleName) => s_wanted.Contains(sampleName);

    // Scrapes and health checks are the observer's own doing, and a stream of events lasts as long as its reader likes.
    private static bool IsWork(MetricSample sample) =>
        sample.Label("http_route") is not { } route || !(route.StartsWith("/health", StringComparison.Ordinal) || route == "/metrics" || route.EndsWith("/events", StringComparison.Ordinal));
}
