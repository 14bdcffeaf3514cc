using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace FirstCome.Eureka.Registration;

/// <summary>Where this process can be called: what the options say, and for the rest what its server is bound to.</summary>
internal sealed class OwnAddress(IOptions<EurekaClientOptions> options, IServer? server)
{
    private readonly EurekaClientOptions _options = options.Value;

    /// <summary>Null where the port, or the address, is not known yet.</summary>
    public (string Host, string Ip, int Port, bool Secure)? Find(bool started)
    {
        var bound = started ? Bound() : null;
        if ((_options.Port ?? bound?.Port) is not { } port) return null;
        if ((_options.IpAddress ?? _options.HostName ?? Address(bound)) is not { } ip) return null;
        return (_options.HostName ?? ip, _options.IpAddress ?? ip, port, bound?.Scheme == Uri.UriSchemeHttps);
    }

    private BindingAddress? Bound() => server?.Features.Get<IServerAddressesFeature>()?.Addresses
        .Select(BindingAddress.Parse)
        .Where(address => _options.Port is null || address.Port == _options.Port)
        .OrderBy(address => address.Scheme, StringComparer.Ordinal)
        .FirstOrDefault();

    private static string? Address(BindingAddress? bound)
    {
        if (bound is null) return null;
        var host = bound.Host.Trim('[', ']');
        if (host == "localhost") return IPAddress.Loopback.ToString();
        var anyAddress = host is "*" or "+" || (IPAddress.TryParse(host, out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));
        return anyAddress ? MachineAddress() : host;
    }

    private static string MachineAddress() =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(network => network is { OperationalStatus: OperationalStatus.Up, NetworkInterfaceType: not NetworkInterfaceType.Loopback })
            .SelectMany(network => network.GetIPProperties().UnicastAddresses)
            .Select(unicast => unicast.Address)
            .FirstOrDefault(address => address.AddressFamily == AddressFamily.InterNetwork, IPAddress.Loopback)
            .ToString();
}
