using System.Diagnostics.CodeAnalysis;
using System.Net;
using Microsoft.Extensions.ServiceDiscovery;

namespace FirstCome.Eureka.Lookup;

/// <summary>Gives the registry's answers to <c>Microsoft.Extensions.ServiceDiscovery</c>, which renews them as soon as they change.</summary>
internal sealed class EurekaEndpointProviderFactory(EurekaRegistry registry) : IServiceEndpointProviderFactory
{
    public bool TryCreateProvider(ServiceEndpointQuery query, [NotNullWhen(true)] out IServiceEndpointProvider? provider)
    {
        provider = IsServiceId(query.ServiceName) ? new EurekaEndpointProvider(registry, query) : null;
        return provider is not null;
    }

    private static bool IsServiceId(string name) =>
        name is { Length: > 0 and <= 63 } and not "localhost" && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_');

    private sealed class EurekaEndpointProvider(EurekaRegistry registry, ServiceEndpointQuery query) : IServiceEndpointProvider
    {
        public ValueTask PopulateAsync(IServiceEndpointBuilder endpoints, CancellationToken cancellationToken)
        {
            // What configuration says goes before the registry.
            if (endpoints.Endpoints.Count > 0) return ValueTask.CompletedTask;
            endpoints.AddChangeToken(registry.GetChangeToken());
            foreach (var instance in registry.Instances(query.ServiceName))
            {
                if (query.IncludedSchemes.Count > 0 && !query.IncludedSchemes.Contains(instance.Uri.Scheme)) continue;
                EndPoint address = IPAddress.TryParse(instance.Uri.Host.Trim('[', ']'), out var ip)
                    ? new IPEndPoint(ip, instance.Port)
                    : new DnsEndPoint(instance.Uri.Host, instance.Port);
                endpoints.Endpoints.Add(ServiceEndpoint.Create(address));
            }

            return ValueTask.CompletedTask;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;

        public override string ToString() => "Eureka";
    }
}
