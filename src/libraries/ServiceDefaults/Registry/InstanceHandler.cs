using FirstCome.Eureka;
using Microsoft.Extensions.Options;

namespace FirstCome.ServiceDefaults;

/// <summary>Sends a request that is addressed to a service's name to one of its instances. An answer is an answer: what was refused as unavailable is not asked for again, which would only add to the load.</summary>
internal sealed class InstanceHandler(EurekaRegistry registry, ServiceIdentity identity, IOptions<ServiceOptions> options, TimeProvider time) : DelegatingHandler
{
    private const int AttemptsMax = 3;
    private static readonly TimeSpan s_firstPause = TimeSpan.FromMilliseconds(50);
    private uint _turn = (uint)Random.Shared.Next();

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var asked = request.RequestUri ?? throw new InvalidOperationException("A request needs an address.");
        for (var attempt = 1; ; attempt++)
        {
            var instance = Choose(asked.Host);
            request.RequestUri = new Uri(instance?.Uri ?? OwnUri(asked.Host), asked.PathAndQuery);
            var last = attempt == AttemptsMax;
            try
            {
                return await base.SendAsync(request, cancellationToken);
            }
            catch (HttpRequestException exception)
            {
                // Without a connection nothing was sent, so any request may go to another instance.
                var unsent = exception.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError;
                if (unsent && instance is not null) { registry.ReportFailure(instance); }
                if (last || !(unsent || IsSafe(request.Method))) { throw; }
            }
            await Task.Delay(s_firstPause * attempt * (0.5 + Random.Shared.NextDouble()), time, cancellationToken);
        }
    }

    private ServiceInstance? Choose(string service)
    {
        var instances = registry.Instances(service);
        if (instances.Count > 0) { return instances[(int)(Interlocked.Increment(ref _turn) % (uint)instances.Count)]; }
        // A service finds itself without the registry.
        return service == identity.Name ? null : throw new HttpRequestException(HttpRequestError.NameResolutionError, $"No instance of {service} is registered.");
    }

    private Uri OwnUri(string service) => service == identity.Name ? new Uri(options.Value.Url) : throw new InvalidOperationException($"{service} has no address.");

    private static bool IsSafe(HttpMethod method) => method == HttpMethod.Get || method == HttpMethod.Head;
}
