using System.Collections.Immutable;
using FirstCome.Eureka;
using Microsoft.Extensions.Options;

namespace FirstCome.CacheService.Operations;

/// <summary>Asks every instance that the registry knows, whatever its service: a bounded number of them, a few at a time, each for a short while.</summary>
internal sealed class Instances(EurekaRegistry registry, IOptions<EurekaClientOptions> options, IHttpClientFactory clients)
{
    public const string Client = "instances";

    /// <summary>The registry's name as a service.</summary>
    public const string RegistryService = "discovery-server";

    /// <summary>More instances than this are left out.</summary>
    public const int InstancesMax = 200;

    private const int AtOnceMax = 8;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(2);

    public RegistryState Registry => registry.State;

    /// <summary>In the order of their services' names.</summary>
    public Task<IReadOnlyList<T>> AskAsync<T>(Func<HttpClient, ServiceInstance, CancellationToken, Task<T>> ask, CancellationToken cancellationToken) => AskAsync(Registered, ask, cancellationToken);

    /// <summary>As <see cref="AskAsync{T}(Func{HttpClient, ServiceInstance, CancellationToken, Task{T}}, CancellationToken)"/>, and the registry's own servers, at the addresses at which this service asks them: they stand in no registry.</summary>
    public Task<IReadOnlyList<T>> AskWithRegistryAsync<T>(Func<HttpClient, ServiceInstance, CancellationToken, Task<T>> ask, CancellationToken cancellationToken) =>
        AskAsync(Registered.Concat(Servers()).OrderBy(instance => instance.App, StringComparer.Ordinal), ask, cancellationToken);

    private IEnumerable<ServiceInstance> Registered => registry.Apps.Order(StringComparer.Ordinal).SelectMany(registry.Instances);

    private IEnumerable<ServiceInstance> Servers() => !options.Value.Fetch || registry.Apps.Contains(RegistryService, StringComparer.OrdinalIgnoreCase)
        ? []
        : options.Value.ServerUrls.Select(url => new Uri(url)).DistinctBy(url => url.Authority)
            .Select(url => new ServiceInstance(RegistryService, url.Authority, url.Host, url.Host, url.Port, url.Scheme == Uri.UriSchemeHttps, ImmutableSortedDictionary<string, string>.Empty));

    private async Task<IReadOnlyList<T>> AskAsync<T>(IEnumerable<ServiceInstance> asked, Func<HttpClient, ServiceInstance, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var instances = asked.Take(InstancesMax).ToList();
        var answers = new T[instances.Count];
        await Parallel.ForAsync(0, instances.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnceMax, CancellationToken = cancellationToken }, async (index, cancellation) =>
        {
            using var client = clients.CreateClient(Client);
            answers[index] = await ask(client, instances[index], cancellation);
        });
        return answers;
    }

    /// <summary>The client: no proxy, no redirects (a registry's entry must not lead elsewhere), small answers.</summary>
    public static void AddClient(IServiceCollection services) => services
        .AddHttpClient(Client, client =>
        {
            client.Timeout = s_timeout;
            client.MaxResponseContentBufferSize = 4 * 1024 * 1024;
        })
        .RemoveAllLoggers()
        .ConfigurePrimaryHttpMessageHandler(() => new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(1) });
}
