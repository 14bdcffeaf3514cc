using System.Net;
using Microsoft.AspNetCore.HttpOverrides;
using IPNetwork = System.Net.IPNetwork;

namespace FirstCome.Gateway.Security;

/// <summary>Takes the caller's address and scheme from <c>X-Forwarded-For</c> and <c>-Proto</c>, from configured proxies only; with none configured the headers mean nothing.</summary>
internal static class TrustedProxies
{
    private const int HopsMax = 4;

    public static void UseTrustedProxies(this WebApplication app, GatewayOptions options)
    {
        if (options.TrustedProxies.Count == 0) { return; }
        var forwarded = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = HopsMax };
        forwarded.KnownProxies.Clear();
        forwarded.KnownIPNetworks.Clear();
        foreach (var proxy in options.TrustedProxies)
        {
            if (IPNetwork.TryParse(proxy, out var network)) { forwarded.KnownIPNetworks.Add(network); }
            else if (IPAddress.TryParse(proxy, out var address)) { forwarded.KnownProxies.Add(address); }
        }
        app.UseForwardedHeaders(forwarded);
    }
}
