using System.Net;
using FirstCome.AllInOne.Data;

namespace FirstCome.AllInOne.Hosting;

/// <summary>One instance of a service and where it listens.</summary>
/// <param name="Instance">Unique in this system: the service's name, with a number from the second on.</param>
internal sealed record ServicePlace(ServiceEntry Service, string Instance, IPAddress Bind, int Port)
{
    /// <summary>What others are told to call it by; null: <see cref="Reachable"/>.</summary>
    public Uri? AdvertisedUrl { get; init; }

    /// <summary>The first instance, at the service's place behind the gateway's port.</summary>
    public static ServicePlace First(ServiceEntry service, IPAddress bind, int gatewayPort) => new(service, service.Name, bind, gatewayPort + service.PortOffset);

    public string Listening => $"http://{new IPEndPoint(Bind, Port)}";

    /// <summary>What others on this machine call it by.</summary>
    public string Reachable
    {
        get
        {
            var address = Bind.Equals(IPAddress.Any) ? IPAddress.Loopback : Bind.Equals(IPAddress.IPv6Any) ? IPAddress.IPv6Loopback : Bind;
            return $"http://{new IPEndPoint(address, Port)}";
        }
    }

    /// <summary>The settings that every instance is started with, but for the secrets.</summary>
    public IEnumerable<string> Arguments(DataFolder data, ServicePlace discoveryServer, ServicePlace configServer)
    {
        yield return $"--Service:Url={Listening}";
        yield return $"--Service:AdvertisedUrl={AdvertisedUrl?.OriginalString ?? Reachable}";
        yield return $"--ConfigServer:Urls={configServer.Reachable}";
        yield return $"--ConfigServer:CacheFile={Path.Combine(data.Folder("config-cache"), Instance + ".json")}";
        yield return $"--Eureka:ServerUrls={(Service == ServiceCatalog.DiscoveryServer ? "" : discoveryServer.Reachable + "/eureka")}";
        if (Service == ServiceCatalog.ConfigServer) { yield return $"--ConfigServer:RepositoryPath={data.ConfigRepository()}"; }
        if (Service == ServiceCatalog.UserService)
        {
            yield return $"--Keys:Folder={data.Folder("keys")}";
            yield return $"--Bootstrap:AccountsFile={data.Full(DemoAccounts.File)}";
        }
    }
}
