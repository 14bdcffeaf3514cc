using System.Diagnostics.Metrics;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.Metrics;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace FirstCome.ServiceDefaults;

/// <summary>
/// Metrics for <c>/metrics</c>, always; metrics and traces to an OTLP collector where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> names one. Several services may share a process: each listens to the meters of its own
/// <c>IMeterFactory</c> only, besides those of the runtime, which they share.
/// </summary>
internal static class Telemetry
{
    // For each instrument; a series more is counted under otel.metric.overflow.
    private const int SeriesMax = 400;
    private const double TracedShare = 0.01;

    // Ours are in seconds, and short; what the semantic conventions name (db, messaging) brings their bounds along; the library's own bounds are made for milliseconds.
    private static readonly double[] s_secondsBounds = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];

    public static void AddTelemetry(this WebApplicationBuilder builder, string service)
    {
        var exports = !string.IsNullOrEmpty(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"]);
        var services = builder.Services;
        services.AddMetrics(metrics => metrics
            .EnableMetrics("Microsoft.AspNetCore.Hosting", "http.server.request.duration", null, MeterScope.Local)
            .EnableMetrics("Microsoft.AspNetCore.Server.Kestrel", "kestrel.active_connections", null, MeterScope.Local)
            .EnableMetrics("Microsoft.AspNetCore.Server.Kestrel", "kestrel.rejected_connections", null, MeterScope.Local)
            .EnableMetrics("System.Runtime", null, null, MeterScope.Global)
            .EnableMetrics("FirstCome", null, null, MeterScope.Local));
        var telemetry = services.AddOpenTelemetry().ConfigureResource(resource => resource.AddService(service));
        telemetry.WithMetrics(metrics =>
        {
            metrics.AddView(instrument => instrument is Histogram<double> { Unit: "s", Meter.Name: { } meter } && meter.StartsWith("FirstCome.", StringComparison.Ordinal) && !IsStandard(instrument.Name)
                ? new ExplicitBucketHistogramConfiguration { Boundaries = s_secondsBounds, CardinalityLimit = SeriesMax }
                : new MetricStreamConfiguration { CardinalityLimit = SeriesMax });
            metrics.AddPrometheusExporter(prometheus => prometheus.ScrapeResponseCacheDurationMilliseconds = 500);
            if (exports) { metrics.AddOtlpExporter(); }
        });
        if (exports)
        {
            telemetry.WithTracing(tracing => tracing
                .SetSamplerUnless(builder.Configuration["OTEL_TRACES_SAMPLER"])
                .AddAspNetCoreInstrumentation(requests => requests.Filter = context => !context.Request.Path.StartsWithSegments("/health", StringComparison.Ordinal))
                .AddHttpClientInstrumentation()
                .AddSource("FirstCome.*")
                .AddOtlpExporter());
        }
    }

    private static bool IsStandard(string name) => name.StartsWith("db.", StringComparison.Ordinal) || name.StartsWith("messaging.", StringComparison.Ordinal);

    // The standard setting counts where it is given. Without it one request in a hundred is traced, and every one whose caller traces it: at a million claims one does not trace all.
    private static TracerProviderBuilder SetSamplerUnless(this TracerProviderBuilder tracing, string? named) =>
        string.IsNullOrEmpty(named) ? tracing.SetSampler(new ParentBasedSampler(new TraceIdRatioBasedSampler(TracedShare))) : tracing;
}
