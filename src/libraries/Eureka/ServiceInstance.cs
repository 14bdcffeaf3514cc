using System.Collections.Immutable;
using FirstCome.Eureka.Wire;

namespace FirstCome.Eureka;

/// <summary>An instance that can be called.</summary>
/// <param name="App">Its service's id, in lower case.</param>
/// <param name="InstanceId">Unique within the service.</param>
/// <param name="HostName">Its name; used where its secure port is the one that is open, as certificates name hosts.</param>
/// <param name="IpAddress">Its address; used for plain HTTP.</param>
/// <param name="Port">The port that is open, 1 to 65535.</param>
/// <param name="Secure">Whether that port speaks HTTPS.</param>
/// <param name="Metadata">What it publishes of itself.</param>
public sealed record ServiceInstance(
    string App, string InstanceId, string HostName, string IpAddress, int Port, bool Secure, ImmutableSortedDictionary<string, string> Metadata)
{
    /// <summary>Where it is called, without a path.</summary>
    public Uri Uri { get; } = new UriBuilder(Secure ? Uri.UriSchemeHttps : Uri.UriSchemeHttp, Secure ? HostName : IpAddress, Port).Uri;

    public bool Equals(ServiceInstance? other) =>
        other is not null && App == other.App && InstanceId == other.InstanceId && Uri == other.Uri
        && Metadata.Count == other.Metadata.Count && Metadata.SequenceEqual(other.Metadata);

    public override int GetHashCode() => HashCode.Combine(App, InstanceId, Uri);

    /// <summary>Null where the wire lacks what a caller needs: an address, an id, an open port.</summary>
    internal static ServiceInstance? From(InstanceInfo info)
    {
        var secure = !info.Port.Enabled && info.SecurePort.Enabled;
        var port = secure ? info.SecurePort : info.Port;
        var host = info.HostName ?? info.IpAddress;
        var address = info.IpAddress ?? host;
        if (info.App is null || host is null || address is null || (info.InstanceId ?? info.HostName) is not { } id) return null;
        if (port is not { Enabled: true, Number: > 0 }) return null;
        return IsHost(host) && IsHost(address) ? new(info.App.ToLowerInvariant(), id, host, address, port.Number, secure, info.Metadata) : null;
    }

    private static bool IsHost(string name) => Uri.CheckHostName(name) != UriHostNameType.Unknown;
}

/// <summary>Whether the registry answers, for <c>/health</c>. Its absence degrades a service and never stops it.</summary>
/// <param name="Reachable">Whether the last call to a registry server was answered.</param>
/// <param name="LastFetchedAt">When the list in use was last confirmed; null before the first answer, also where the list comes from disk.</param>
/// <param name="LastError">Why the last call failed; null where it did not.</param>
public sealed record RegistryState(bool Reachable, DateTimeOffset? LastFetchedAt, string? LastError)
{
    /// <summary>Whether this process stands in the registry, as far as it was told.</summary>
    public bool Registered { get; init; }
}
