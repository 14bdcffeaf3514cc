using FirstCome.Authentication;
using FirstCome.ServiceDefaults;

namespace FirstCome.CacheService.Metrics;

/// <param name="Labels">What tells series of one name apart.</param>
/// <param name="Values">From <c>from</c> on, one each <c>step</c>; null where nothing is known.</param>
internal sealed record SeriesView(string Name, string Unit, IReadOnlyDictionary<string, string> Labels, IReadOnlyList<double?> Values);

/// <param name="From">The instant of the first value.</param>
/// <param name="To">The instant of the last value.</param>
/// <param name="Step">The time between two values.</param>
internal sealed record MetricsView(DateTimeOffset From, DateTimeOffset To, TimeSpan Step, IReadOnlyList<SeriesView> Series);

/// <summary><c>GET /api/operations/metrics?window=PT1H</c>: the series of the console.</summary>
internal static class ReadMetrics
{
    private static readonly TimeSpan s_windowDefault = TimeSpan.FromHours(1);

    public static void Map(RouteGroupBuilder operations) => operations
        .MapGet("/metrics", (HttpContext context, SeriesHistory history, TimeProvider time, string? window = null) => Handle(context, window, history, time))
        .RequireRole(Role.Operator)
        .WithName("ReadMetrics")
        .WithSummary("Series for the console")
        .WithDescription($"`window` is an ISO 8601 duration from PT1M to PT6H, PT1H by default. This instance's own observation since its start; what no instance exports is absent. Series: {SeriesCatalogue.Description}.")
        .Produces<MetricsView>()
        .ProducesProblem(StatusCodes.Status400BadRequest)
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status403Forbidden);

    private static IResult Handle(HttpContext context, string? window, SeriesHistory history, TimeProvider time)
    {
        var length = s_windowDefault;
        if ((window is not null && !Duration.TryParse(window, out length)) || length < SeriesHistory.WindowMin || length > SeriesHistory.WindowMax
            || context.Request.Query["window"].Count > 1)
        {
            var errors = new FieldErrors();
            errors.Add("window", "must be an ISO 8601 duration from PT1M to PT6H, once");
            return errors.ToResult();
        }
        context.Response.Headers.CacheControl = "no-store";
        var seen = history.Read(length, time.GetUtcNow());
        return TypedResults.Ok(new MetricsView(seen.From, seen.To, seen.Step, [.. seen.Series.Select(series => new SeriesView(series.Name.Name, series.Name.Unit, series.Name.ToLabels(), series.Values))]));
    }
}
