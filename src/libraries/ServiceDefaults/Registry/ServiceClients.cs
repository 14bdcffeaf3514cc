using FirstCome.Contracts.Internal;
using FirstCome.Eureka;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FirstCome.ServiceDefaults;

/// <summary>Calls to other services.</summary>
public static class ServiceClients
{
    /// <summary>How long a call may take in all, retries included.</summary>
    public static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(5);

    // Internal answers are small or streamed; what is buffered is bounded.
    private const int BufferedBytesMax = 16 * 1024 * 1024;

    /// <summary>
    /// A named client, <c>IHttpClientFactory.CreateClient("coupon-service")</c>, whose base address is <c>http://coupon-service/</c>: an instance is chosen from the registry for each call, the service key and
    /// <c>traceparent</c> are added, and all of it takes 5 s at most. Where no connection comes about, another instance is tried; a safe request also where its connection broke; twice at most.
    /// No instance: <see cref="HttpRequestException"/>, which a request that does not catch it answers as 503 <c>unavailable</c>.
    /// </summary>
    /// <param name="service">The registry's name of the service to call.</param>
    /// <param name="client">The client's name, where it is to differ from the service's.</param>
    public static IHttpClientBuilder AddServiceClient(this IServiceCollection services, string service, string? client = null)
    {
        var name = client ?? service;
        // Asked for twice under one name it is made once: each part of a service says what it needs.
        if (services.Any(each => each.ImplementationInstance is ServiceClientName made && made.Name == name)) { return services.AddHttpClient(name); }
        services.AddSingleton(new ServiceClientName(name));
        return services
            .AddHttpClient(name, (provider, http) =>
            {
                http.BaseAddress = new Uri($"http://{service}/");
                http.Timeout = TotalTimeout;
                http.MaxResponseContentBufferSize = BufferedBytesMax;
                http.DefaultRequestHeaders.Add(InternalApi.ServiceKeyHeader, provider.GetRequiredService<IOptions<ServiceOptions>>().Value.Key);
            })
            .RemoveAllLoggers()
            .SetHandlerLifetime(Timeout.InfiniteTimeSpan)
            .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler
            {
                UseProxy = false,
                UseCookies = false,
                AllowAutoRedirect = false,
                ConnectTimeout = TimeSpan.FromSeconds(1),
                PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
                PooledConnectionLifetime = TimeSpan.FromMinutes(10),
                MaxConnectionsPerServer = 256,
            })
            .AddHttpMessageHandler(provider => new InstanceHandler(
                provider.GetRequiredService<EurekaRegistry>(), provider.GetRequiredService<ServiceIdentity>(), provider.GetRequiredService<IOptions<ServiceOptions>>(), provider.GetRequiredService<TimeProvider>()));
    }

    private sealed record ServiceClientName(string Name);
}
