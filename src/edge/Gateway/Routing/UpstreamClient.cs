using System.Diagnostics;
using System.Net;
using Yarp.ReverseProxy.Forwarder;

namespace FirstCome.Gateway.Routing;

/// <summary>The connections to all instances: plain HTTP/1.1, which costs less than multiplexing at this size of messages; no proxy, cookies, redirects or decompression.</summary>
internal sealed class UpstreamClient : IDisposable
{
    public HttpMessageInvoker Invoker { get; } = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        EnableMultipleHttp2Connections = false,
        ActivityHeadersPropagator = new ReverseProxyPropagator(DistributedContextPropagator.Current),
        ConnectTimeout = TimeSpan.FromSeconds(1),
        MaxConnectionsPerServer = 4_096,
        PooledConnectionIdleTimeout = TimeSpan.FromMinutes(1),
        PooledConnectionLifetime = TimeSpan.FromMinutes(10),
    });

    public void Dispose() => Invoker.Dispose();
}
