using System.Collections.Frozen;
using System.Diagnostics;
using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.CacheService.Caching;
using FirstCome.Eureka;
using FirstCome.ServiceDefaults;

namespace FirstCome.CacheService.Operations;

/// <summary>How an instance is, as far as it could be asked.</summary>
internal enum InstanceStatus
{
    Ok,
    Degraded,
    Failed,
    /// <summary>It did not answer, or not in a way that could be read.</summary>
    Unreachable,
}

/// <param name="Checks">What it says of its parts; empty when it did not answer.</param>
/// <param name="Commit">The commit of the configuration that it runs with; null when it runs with defaults.</param>
/// <param name="AnsweredInMs">How long it took to say so.</param>
internal sealed record InstanceView(string Id, Uri Url, InstanceStatus Status, IReadOnlyList<HealthCheckReport> Checks, string? Commit, double AnsweredInMs);

internal sealed record ServiceView(string Name, IReadOnlyList<InstanceView> Instances);

/// <param name="Status">The worst that an instance says of it.</param>
/// <param name="Detail">What that instance says.</param>
/// <param name="UsedBy">The services that report on it.</param>
internal sealed record EngineView(string Name, Severity Status, string Detail, IReadOnlyList<string> UsedBy);

/// <param name="Commit">The one that most instances run with; null when none of them has any.</param>
/// <param name="Agreed">Whether all instances that take their settings from ConfigServer, and answered, run with it.</param>
internal sealed record ConfigurationView(string? Commit, bool Agreed);

/// <param name="RegistryReachable">Where false, the instances are those of the registry's last answer.</param>
internal sealed record FleetView(DateTimeOffset AsOf, bool RegistryReachable, ConfigurationView Configuration, IReadOnlyList<EngineView> Engines, IReadOnlyList<ServiceView> Services);

/// <summary><c>GET /api/operations/services</c>: every instance, what it says of itself and of its engines. Looked up at most once in two seconds, however many ask.</summary>
internal sealed class ListServices(Instances instances, TimeProvider time)
{
    private static readonly TimeSpan s_keptFor = TimeSpan.FromSeconds(2);

    // The checks of the services that speak of an engine, and of which; all others are the instance's own.
    private static readonly FrozenDictionary<string, string> s_engines = new Dictionary<string, string>
    {
        ["database"] = "database",
        ["ledger"] = "database",
        ["gates"] = "redis",
        ["log"] = "log",
        ["member-changes"] = "log",
        ["redis"] = "redis",
    }.ToFrozenDictionary();

    // The worker has one check for all that it does: it reads the log for it, whose state the others tell.
    private static readonly FrozenDictionary<string, string> s_usesToo = new Dictionary<string, string> { ["ledger"] = "log" }.ToFrozenDictionary();

    // Unknown members are left alone here: a newer instance may say more.
    private static readonly JsonSerializerOptions s_json = new(ApiJson.Options) { UnmappedMemberHandling = System.Text.Json.Serialization.JsonUnmappedMemberHandling.Skip };

    private readonly SingleFlight<string, FleetView> _looks = new();
    private volatile FleetView? _last;

    public static void Map(RouteGroupBuilder operations) => operations
        .MapGet("/services", async (ListServices services, HttpContext context, CancellationToken cancellationToken) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return TypedResults.Ok(await services.FindAsync(cancellationToken));
        })
        .RequireRole(Role.Operator)
        .WithName("ListServices")
        .WithSummary("Instances, engines and the configuration's commit")
        .Produces<FleetView>()
        .ProducesProblem(StatusCodes.Status401Unauthorized)
        .ProducesProblem(StatusCodes.Status403Forbidden);

    public async Task<FleetView> FindAsync(CancellationToken cancellationToken) =>
        Recent() ?? await _looks.RunAsync("all", async _ => Recent() ?? (_last = await LookAsync()), cancellationToken);

    private FleetView? Recent() => _last is { } last && time.GetUtcNow() - last.AsOf < s_keptFor ? last : null;

    private async Task<FleetView> LookAsync()
    {
        var asOf = time.GetUtcNow();
        var seen = await instances.AskWithRegistryAsync(AskAsync, CancellationToken.None);
        var services = seen.GroupBy(view => view.Service).Select(service => new ServiceView(service.Key, [.. service.Select(view => view.Instance)])).ToList();
        return new(asOf, instances.Registry.Reachable, ConfigurationOf(services), EnginesOf(services), services);
    }

    private async Task<(string Service, InstanceView Instance)> AskAsync(HttpClient client, ServiceInstance instance, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        HealthReport? report = null;
        try
        {
            using var response = await client.GetAsync(new Uri(instance.Uri, "health"), cancellationToken);
            report = JsonSerializer.Deserialize<HealthReport>(await response.Content.ReadAsByteArrayAsync(cancellationToken), s_json);
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException or JsonException or OperationCanceledException)
        {
            Activity.Current?.AddException(failure);
        }
        var status = report?.Status switch
        {
            Severity.Ok => InstanceStatus.Ok,
            Severity.Degraded => InstanceStatus.Degraded,
            Severity.Failed => InstanceStatus.Failed,
            _ => InstanceStatus.Unreachable,
        };
        var took = Math.Round(time.GetElapsedTime(started).TotalMilliseconds, 1);
        return (instance.App, new(instance.InstanceId, instance.Uri, status, report?.Checks ?? [], report?.Configuration.Commit, took));
    }

    internal static ConfigurationView ConfigurationOf(IReadOnlyList<ServiceView> services)
    {
        var commits = services.SelectMany(service => service.Instances).Where(instance => instance.Checks.Any(check => check.Name == "configuration"))
            .GroupBy(instance => instance.Commit ?? "").OrderByDescending(same => same.Count()).ThenBy(same => same.Key, StringComparer.Ordinal).ToList();
        return new(commits.FirstOrDefault(same => same.Key.Length > 0)?.Key, commits.Count <= 1);
    }

    internal static IReadOnlyList<EngineView> EnginesOf(IReadOnlyList<ServiceView> services) =>
    [
        .. from service in services
           from instance in service.Instances
           from check in instance.Checks
           from said in EnginesIn(check)
           group (service.Name, said.Check) by said.Engine into engine
           orderby engine.Key
           let worst = engine.MaxBy(report => report.Check.Status).Check
           select new EngineView(engine.Key, worst.Status, worst.Detail, [.. engine.Select(report => report.Name).Distinct().Order(StringComparer.Ordinal)]),
    ];

    private static IEnumerable<(string Engine, HealthCheckReport Check)> EnginesIn(HealthCheckReport check)
    {
        if (s_engines.TryGetValue(check.Name, out var engine)) { yield return (engine, check); }
        if (s_usesToo.TryGetValue(check.Name, out var used)) { yield return (used, check with { Status = Severity.Ok, Detail = HealthState.Ok.Detail }); }
    }
}
