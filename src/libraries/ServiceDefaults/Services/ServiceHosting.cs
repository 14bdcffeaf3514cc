using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FirstCome.ServiceDefaults;

/// <summary>What every deployable has in common.</summary>
public static class ServiceHosting
{
    /// <summary>Bodies of requests, unless an endpoint raises its own limit.</summary>
    public const long BodyBytesMax = 64 * 1024;

    /// <summary>
    /// Settings from the config server, registration and discovery, JSON rules, problems, telemetry, health, limits of the server and the section <c>Service</c>.
    /// </summary>
    /// <param name="service">The registry's name, for instance <c>issue-service</c>.</param>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder, string service)
    {
        var options = builder.Configuration.Read<ServiceOptions>("Service");
        var services = builder.Services;
        services.AddCheckedOptions<ServiceOptions>("Service");
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(new ServiceIdentity(service, $"{service}@{options.Url}"));
        if (options.Url.Length > 0) { builder.WebHost.UseUrls(options.Url); }
        builder.WebHost.ConfigureKestrel(Limit);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTimeout + TimeSpan.FromSeconds(5));
        services.ConfigureHttpJsonOptions(json => ApiJson.Apply(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddOpenApi();
        Log(builder.Logging);
        return builder;
    }

    /// <summary>
    /// Problems for exceptions and bare status codes, <c>/health</c>, <c>/health/live</c>, <c>/metrics</c> and <c>/openapi/v1.json</c>. Call it before the endpoints of the service are mapped.
    /// </summary>
    public static WebApplication MapServiceDefaults(this WebApplication app)
    {
        app.UseMiddleware<ProblemMiddleware>();
        app.MapHealth();
        app.MapOpenApi();
        return app;
    }

    private static void Limit(KestrelServerOptions server)
    {
        server.AddServerHeader = false;
        server.Limits.MaxRequestBodySize = BodyBytesMax;
        server.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
        server.Limits.MaxRequestHeaderCount = 64;
        server.Limits.MaxRequestLineSize = 8 * 1024;
        server.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(10);
    }

    private static void Log(ILoggingBuilder logging)
    {
        logging.ClearProviders();
        logging.AddSimpleConsole(console => { console.SingleLine = true; console.UseUtcTimestamp = true; console.TimestampFormat = "yyyy-MM-ddTHH:mm:ss.fffZ "; });
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System.Net.Http.HttpClient", LogLevel.Warning);
    }
}
