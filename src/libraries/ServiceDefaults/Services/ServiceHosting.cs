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
    /// <summary>Bodies of requests, unless an endpoint raises its own limit with <c>RequestSizeLimitAttribute</c> as metadata.</summary>
    public const long BodyBytesMax = 64 * 1024;

    /// <summary>
    /// Settings from the config server, registration and discovery, JSON rules, problems, telemetry, health, limits of the server and the section <c>Service</c>. Call it first, so that what follows reads the config
    /// server's settings.
    /// </summary>
    /// <param name="service">The registry's name, for instance <c>issue-service</c>.</param>
    public static WebApplicationBuilder AddServiceDefaults(this WebApplicationBuilder builder, string service)
    {
        ArgumentNullException.ThrowIfNull(builder);
        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        builder.AddConfigurationClient(service);
        var options = builder.Configuration.Read<ServiceOptions>("Service");
        services.AddCheckedOptions<ServiceOptions>("Service");
        services.AddSingleton(new ServiceIdentity(service, $"{service}@{options.AdvertisedUrl ?? options.Url}"));
        if (options.Url.Length > 0) { builder.WebHost.UseUrls(options.Url); }
        builder.WebHost.ConfigureKestrel(Limit);
        // Stopped in the reverse order: the registry's client leaves first, then this waits, then the server stops.
        services.AddHostedService<WaitForCallers>();
        builder.AddRegistryClient(service, options);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DeregistrationDelay + options.DrainTimeout + TimeSpan.FromSeconds(3));
        services.ConfigureHttpJsonOptions(json => ApiJson.Apply(json.SerializerOptions));
        services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        services.AddDocuments();
        builder.AddTelemetry(service);
        Log(builder.Logging);
        return builder;
    }

    /// <summary>
    /// Problems for exceptions and bare status codes, <c>/health</c>, <c>/health/live</c>, <c>/metrics</c> and <c>/openapi/v1.json</c>. Call it before the endpoints of the service are mapped.
    /// </summary>
    public static WebApplication MapServiceDefaults(this WebApplication app)
    {
        ArgumentNullException.ThrowIfNull(app);
        app.UseMiddleware<ProblemMiddleware>();
        app.MapHealth();
        app.MapPrometheusScrapingEndpoint("/metrics");
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
        logging.AddConsoleFormatter<ConsoleLine, ConsoleLineOptions>();
        logging.AddConsole(console => console.FormatterName = ConsoleLine.FormatName);
        logging.AddFilter("Microsoft", LogLevel.Warning);
        logging.AddFilter("System.Net.Http", LogLevel.Warning);
        // The exception is logged once, by ProblemMiddleware; the server would do it again where the response has begun.
        logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.Critical);
    }
}

/// <summary>Goes on accepting for <see cref="ServiceOptions.DeregistrationDelay"/> after the instance has left the registry.</summary>
internal sealed class WaitForCallers(Microsoft.Extensions.Options.IOptions<ServiceOptions> options, TimeProvider time) : IHostedLifecycleService
{
    public Task StoppingAsync(CancellationToken cancellationToken) => Task.Delay(options.Value.DeregistrationDelay, time, cancellationToken);
    public Task StartingAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
