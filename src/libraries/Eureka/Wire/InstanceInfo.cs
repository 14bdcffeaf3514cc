using System.Collections.Immutable;

namespace FirstCome.Eureka.Wire;

/// <summary>
/// One instance as it stands on the wire of a Eureka registry. Everything is optional, as senders leave out or null what they like;
/// the registry and the client make their own types from it.
/// </summary>
public sealed record InstanceInfo
{
    /// <summary>Unique within the application; where it is absent the host name stands for it.</summary>
    public string? InstanceId { get; init; }

    public string? HostName { get; init; }

    /// <summary>The application's name; registries keep it in upper case.</summary>
    public string? App { get; init; }

    public string? IpAddress { get; init; }

    /// <summary>What the instance says of itself, or what the registry has made of it.</summary>
    public InstanceStatus Status { get; init; } = InstanceStatus.Up;

    /// <summary>An operator's word that goes before the instance's own; <see cref="InstanceStatus.Unknown"/> where there is none.</summary>
    public InstanceStatus OverriddenStatus { get; init; } = InstanceStatus.Unknown;

    public InstancePort Port { get; init; } = new(7001, true);

    public InstancePort SecurePort { get; init; } = new(7002, false);

    public int CountryId { get; init; } = 1;

    public DataCenterInfo? DataCenter { get; init; }

    public LeaseInfo? Lease { get; init; }

    public ImmutableSortedDictionary<string, string> Metadata { get; init; } = NoMetadata;

    public string? AppGroupName { get; init; }

    public string? HomePageUrl { get; init; }

    public string? StatusPageUrl { get; init; }

    public string? HealthCheckUrl { get; init; }

    public string? SecureHealthCheckUrl { get; init; }

    /// <summary>Comma-separated names under which clients look the instance up.</summary>
    public string? VipAddress { get; init; }

    public string? SecureVipAddress { get; init; }

    public bool IsCoordinatingDiscoveryServer { get; init; }

    /// <summary>Unix milliseconds of the registry's last change of this entry.</summary>
    public long? LastUpdatedTimestamp { get; init; }

    /// <summary>Unix milliseconds of the instance's own last change of itself; the greater one wins.</summary>
    public long? LastDirtyTimestamp { get; init; }

    public InstanceAction? Action { get; init; }

    public string? AsgName { get; init; }

    internal static readonly ImmutableSortedDictionary<string, string> NoMetadata =
        ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);
}

/// <summary>A port number, 0 to 65535, and whether the instance listens there.</summary>
public readonly record struct InstancePort(int Number, bool Enabled);

/// <summary>Where an instance runs. Java clients need <see cref="ClassName"/>; <see cref="Name"/> is MyOwn, Netflix or Amazon.</summary>
public sealed record DataCenterInfo(string ClassName, string? Name)
{
    public const string MyOwnClassName = "com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo";

    /// <summary>Present for Amazon only.</summary>
    public ImmutableSortedDictionary<string, string>? Metadata { get; init; }

    public static DataCenterInfo MyOwn { get; } = new(MyOwnClassName, "MyOwn");
}

/// <summary>A lease: how often it is renewed, how long it lives without, and the Unix milliseconds of what has happened to it (0: never).</summary>
public sealed record LeaseInfo
{
    public int RenewalIntervalInSeconds { get; init; } = 30;

    public int DurationInSeconds { get; init; } = 90;

    public long RegistrationTimestamp { get; init; }

    public long LastRenewalTimestamp { get; init; }

    public long EvictionTimestamp { get; init; }

    public long ServiceUpTimestamp { get; init; }
}

/// <summary>A registry's answer to a fetch: the applications in full or, for a delta, what has changed.</summary>
/// <param name="Version">A number that a registry raises as it likes; nothing is derived from it.</param>
/// <param name="HashCode">The statuses of the whole registry, counted; see <see cref="RegistryHashCode"/>.</param>
/// <param name="Instances">In the registry's order; their <see cref="InstanceInfo.App"/> says where they belong.</param>
public sealed record Applications(string Version, string HashCode, IReadOnlyList<InstanceInfo> Instances);
