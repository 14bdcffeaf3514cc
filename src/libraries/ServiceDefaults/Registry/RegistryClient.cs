using System.Net;
using FirstCome.Eureka;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FirstCome.ServiceDefaults;

internal static class RegistryClient
{
    private const string ServerUrlsDefault = "http://127.0.0.1:8081/eureka";

    /// <summary>
    /// Registration and look-up. <c>Eureka:ServerUrls</c> may be a list with commas; empty turns the registry off, which tests and tools use. Intervals default to what a crowd that comes within a second needs,
    /// not to those of the wire's inventors.
    /// </summary>
    public static void AddRegistryClient(this WebApplicationBuilder builder, string service, ServiceOptions options)
    {
        var section = builder.Configuration.GetSection(EurekaClientOptions.Section);
        var urls = builder.Configuration.ReadList($"{EurekaClientOptions.Section}:ServerUrls", ServerUrlsDefault);
        builder.Services.AddEurekaClient(eureka =>
        {
            eureka.RenewalInterval = TimeSpan.FromSeconds(10);
            eureka.LeaseDuration = TimeSpan.FromSeconds(30);
            eureka.FetchInterval = TimeSpan.FromSeconds(2);
            section.Bind(eureka);
            eureka.ServerUrls.Clear();
            foreach (var url in urls) { eureka.ServerUrls.Add(url); }
            if (urls.Count == 0)
            {
                // The option needs an address even where none is ever called.
                eureka.ServerUrls.Add(ServerUrlsDefault);
                eureka.Register = eureka.Fetch = false;
            }
            eureka.App = service;
            if (!Uri.TryCreate(options.AdvertisedUrl ?? options.Url, UriKind.Absolute, out var own)) { return; }
            // Port 0 asks for any; the server's own is known once it has started.
            if (own.Port > 0) { eureka.Port ??= own.Port; }
            var host = own.Host.Trim('[', ']');
            var isAny = IPAddress.TryParse(host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any));
            if (!isAny && host is not ("+" or "*")) { eureka.IpAddress ??= host; }
        });
        if (urls.Count > 0) { builder.Services.AddHealthSignal<RegistrySignal>(); }
    }

    /// <summary>A list given as an array or as one text with commas.</summary>
    public static IReadOnlyList<string> ReadList(this IConfiguration configuration, string key, string whenMissing)
    {
        var section = configuration.GetSection(key);
        var children = section.GetChildren().Select(child => child.Value ?? "").ToList();
        return children.Count > 0 ? children : (section.Value ?? whenMissing).Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    }
}

internal sealed class RegistrySignal(EurekaRegistry registry) : IHealthSignal
{
    public string Name => "registry";

    public HealthState Current => registry.State switch
    {
        { Reachable: false, LastError: { } error } => new(Severity.Degraded, $"the last known instances are used: {error}"),
        { Reachable: false } => new(Severity.Degraded, "the registry has not answered yet"),
        { Registered: false } => new(Severity.Degraded, "this instance does not stand in the registry"),
        _ => HealthState.Ok,
    };
}
