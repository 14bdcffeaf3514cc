using FirstCome.Eureka;

namespace FirstCome.CacheService.Operations;

/// <summary>Asks every instance that the registry knows, whatever its service: a bounded number of them, a few at a time, each for a short while.</summary>
internal sealed class Instances(EurekaRegistry registry, IHttpClientFactory clients)
{
    public const string Client = "instances";

    /// <summary>More instances than this are left out.</summary>
    public const int InstancesMax = 200;

    private const int AtOnceMax = 8;
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(2);

    public RegistryState Registry => registry.State;

    /// <summary>In the order of their services' names.</summary>
    public async Task<IReadOnlyList<T>> AskAsync<T>(Func<HttpClient, ServiceInstance, CancellationToken, Task<T>> ask, CancellationToken cancellationToken)
    {
        var instances = registry.Apps.Order(StringComparer.Ordinal).SelectMany(registry.Instances).Take(InstancesMax).ToList();
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
