using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace FirstCome.ServiceDefaults;

/// <summary>The body of <c>/health</c>.</summary>
/// <param name="Status">The worst of the checks.</param>
public sealed record HealthReport(Severity Status, string Service, IReadOnlyList<HealthCheckReport> Checks, HealthConfiguration Configuration);

/// <summary>One line of a <see cref="HealthReport"/>.</summary>
public sealed record HealthCheckReport(string Name, Severity Status, string Detail);

/// <param name="Commit">The config server's commit that the service runs with; null when it runs with defaults.</param>
public sealed record HealthConfiguration([property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Commit);

/// <summary>Knows the commit of the configuration in use.</summary>
public interface IConfigurationVersion
{
    /// <summary>The commit, or null before the first answer of the config server.</summary>
    string? Commit { get; }
}

internal static class HealthEndpoints
{
    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", (HttpContext context, ServiceIdentity identity, IEnumerable<IHealthSignal> signals, IEnumerable<IConfigurationVersion> versions) =>
        {
            var checks = signals.Select(signal => (signal.Name, signal.Current)).Select(check => new HealthCheckReport(check.Name, check.Current.Severity, check.Current.Detail)).ToList();
            var worst = checks.Count == 0 ? Severity.Ok : checks.Max(check => check.Status);
            context.Response.Headers.CacheControl = "no-store";
            var report = new HealthReport(worst, identity.Name, checks, new HealthConfiguration(versions.FirstOrDefault()?.Commit));
            return Results.Json(report, ApiJson.Options, statusCode: worst == Severity.Failed ? StatusCodes.Status503ServiceUnavailable : StatusCodes.Status200OK);
        }).ExcludeFromDescription();
        routes.MapGet("/health/live", (HttpContext context) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return Results.Text("ok");
        }).ExcludeFromDescription();
    }
}
