using FirstCome.Contracts.Internal;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FirstCome.ServiceDefaults;

/// <summary>Calls to other services.</summary>
public static class ServiceClients
{
    /// <summary>How long a call may take in all, retries included.</summary>
    public static readonly TimeSpan TotalTimeout = TimeSpan.FromSeconds(5);

    /// <summary>
    /// A named client, <c>IHttpClientFactory.CreateClient("coupon-service")</c>, whose base address is <c>http://coupon-service/</c>: an instance is chosen from the registry for each call, the service key and
    /// <c>traceparent</c> are added, safe requests are tried again (twice at most) on another instance, and all of it takes 5 s at most. No instance: <see cref="HttpRequestException"/>.
    /// </summary>
    /// <param name="service">The registry's name of the service to call.</param>
    /// <param name="client">The client's name, where it is to differ from the service's.</param>
    public static IHttpClientBuilder AddServiceClient(this IServiceCollection services, string service, string? client = null) => services
        .AddHttpClient(client ?? service, (provider, http) =>
        {
            http.BaseAddress = new Uri($"http://{service}/");
            http.Timeout = TotalTimeout;
            http.DefaultRequestHeaders.Add(InternalApi.ServiceKeyHeader, provider.GetRequiredService<IOptions<ServiceOptions>>().Value.Key);
        });
}
