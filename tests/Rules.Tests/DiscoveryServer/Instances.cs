using System.Collections.Immutable;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.Eureka.Wire;

namespace FirstCome.RulesTests.DiscoveryServer;

/// <summary>Instances as tests register them.</summary>
internal static class Instances
{
    public static InstanceInfo Instance(string app, string id, InstanceStatus status = InstanceStatus.Up, long dirty = 1) => new()
    {
        App = app,
        InstanceId = id,
        HostName = id,
        IpAddress = "10.0.0.1",
        Status = status,
        Port = new(80, true),
        DataCenter = DataCenterInfo.MyOwn,
        Lease = new LeaseInfo { RenewalIntervalInSeconds = 30, DurationInSeconds = 90 },
        Metadata = ImmutableSortedDictionary<string, string>.Empty,
        LastDirtyTimestamp = dirty,
    };

    public static InstanceStatus? StatusOf(this LeaseRegistry registry, string app, string id) => registry.Find((app, id))?.Status;
}
