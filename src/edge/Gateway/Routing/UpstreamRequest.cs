using System.Net;
using FirstCome.Contracts.Internal;
using FirstCome.Gateway.Security;
using Yarp.ReverseProxy.Forwarder;

namespace FirstCome.Gateway.Routing;

/// <summary>
/// What reaches a service: the caller's headers without those that only the gateway or a service may set, and the caller's address as the one entry of <c>X-Forwarded-For</c>. What reaches the caller: the service's headers,
/// which win over the gateway's own.
/// </summary>
internal sealed class UpstreamRequest : HttpTransformer
{
    private const string ForwardedFor = "X-Forwarded-For", ForwardedProto = "X-Forwarded-Proto", ForwardedHost = "X-Forwarded-Host";
    private static readonly string[] s_dropped = [InternalApi.ServiceKeyHeader, ForwardedFor, ForwardedProto, ForwardedHost, "X-Forwarded-Prefix", "Forwarded", "X-Real-IP"];

    public static readonly UpstreamRequest Instance = new();

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        var given = httpContext.Request.Headers;
        var headers = proxyRequest.Headers;
        foreach (var name in s_dropped) { if (given.ContainsKey(name)) { headers.Remove(name); } }
        headers.Host = null;
        if (httpContext.Connection.RemoteIpAddress is { } address) { headers.TryAddWithoutValidation(ForwardedFor, Text(address)); }
        headers.TryAddWithoutValidation(ForwardedProto, httpContext.Request.Scheme);
        // Pages make absolute links of it.
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
