using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace FirstCome.Gateway.Security;

/// <summary>
/// Takes a caller's trace context (W3C <c>traceparent</c>, <c>tracestate</c>, <c>baggage</c>) off every request before the host makes its span: a caller could have every request of his traced, and put what he likes
/// into the traces and the log's records. A middleware would be too late; the span is begun before the first of them.
/// </summary>
internal static class OutsideTraces
{
    private static readonly string[] s_headers = ["traceparent", "tracestate", "baggage"];

    /// <summary>Puts itself between the server and the host; <see cref="GatewayOptions.TrustIncomingTrace"/> is followed while the gateway runs.</summary>
    public static void DropOutsideTraces(this IServiceCollection services)
    {
        var registered = services.Last(service => service.ServiceType == typeof(IServer));
        services.Remove(registered);
        services.AddSingleton<IServer>(provider =>
        {
            var server = (IServer)(registered.ImplementationFactory?.Invoke(provider) ?? ActivatorUtilities.CreateInstance(provider, registered.ImplementationType!));
            return new Server(server, provider.GetRequiredService<IOptionsMonitor<GatewayOptions>>());
        });
    }

    private sealed class Server(IServer server, IOptionsMonitor<GatewayOptions> options) : IServer
    {
        public IFeatureCollection Features => server.Features;

        public Task StartAsync<TContext>(IHttpApplication<TContext> application, CancellationToken cancellationToken)
            where TContext : notnull => server.StartAsync(new Application<TContext>(application, options), cancellationToken);

        public Task StopAsync(CancellationToken cancellationToken) => server.StopAsync(cancellationToken);

        public void Dispose() => server.Dispose();
    }

    private sealed class Application<TContext>(IHttpApplication<TContext> application, IOptionsMonitor<GatewayOptions> options) : IHttpApplication<TContext>
        where TContext : notnull
    {
        public TContext CreateContext(IFeatureCollection contextFeatures)
        {
            if (!options.CurrentValue.TrustIncomingTrace)
            {
                var headers = contextFeatures.GetRequiredFeature<IHttpRequestFeature>().Headers;
                foreach (var header in s_headers) { headers.Remove(header); }
            }
            return application.CreateContext(contextFeatures);
        }

        public Task ProcessRequestAsync(TContext context) => application.ProcessRequestAsync(context);

        public void DisposeContext(TContext context, Exception? exception) => application.DisposeContext(context, exception);
    }
}
