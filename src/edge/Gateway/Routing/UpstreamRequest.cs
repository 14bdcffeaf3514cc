using System.Net;
using FirstCome.Contracts.Internal;
using FirstCome.Gateway.Security;
using Yarp.ReverseProxy.Forwarder;

namespace FirstCome.Gateway.Routing;

/// <summary>
/// What reaches a service: the caller's headers without those that only the gateway or a service may set, and, where the service asks for it, the caller's address as the one entry of <c>X-Forwarded-For</c>, scheme and host.
/// What reaches the caller: the service's headers, which win over the gateway's own.
/// </summary>
internal sealed class UpstreamRequest(bool tellsCaller) : HttpTransformer
{
    private const string ForwardedFor = "X-Forwarded-For", ForwardedProto = "X-Forwarded-Proto", ForwardedHost = "X-Forwarded-Host";
    private static readonly string[] s_dropped = [InternalApi.ServiceKeyHeader, ForwardedFor, ForwardedProto, ForwardedHost, "X-Forwarded-Prefix", "Forwarded", "X-Real-IP"];

    /// <summary>For services that need not know from where a request comes; three headers less on the way of a claim.</summary>
    public static readonly UpstreamRequest Plain = new(tellsCaller: false);

    /// <summary>For services that count failures by address, or make absolute links.</summary>
    public static readonly UpstreamRequest WithCaller = new(tellsCaller: true);

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        var copied = base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        if (!copied.IsCompletedSuccessfully) { await copied; }
        var given = httpContext.Request.Headers;
        var headers = proxyRequest.Headers;
        foreach (var name in s_dropped) { if (given.ContainsKey(name)) { headers.Remove(name); } }
        headers.Host = null;
        if (!tellsCaller) { return; }
        if (httpContext.Connection.RemoteIpAddress is { } address) { headers.TryAddWithoutValidation(ForwardedFor, Text(address)); }
        headers.TryAddWithoutValidation(ForwardedProto, httpContext.Request.Scheme);
        headers.TryAddWithoutValidation(ForwardedHost, httpContext.Request.Host.Value);
    }

    public override ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        // The forwarder appends; a header that both set would stand there twice.
        if (proxyResponse is not null) { SecurityHeaders.GiveWay(httpContext.Response.Headers, proxyResponse.Headers); }
        return base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
    }

    private static string Text(IPAddress address) => (address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address).ToString();
}
