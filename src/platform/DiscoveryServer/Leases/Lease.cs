using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Leases;

/// <summary>An instance's place in the registry. Changed under the registry's lock only; times are Unix milliseconds.</summary>
internal sealed class Lease(InstanceInfo instance, long durationMs, double renewalsPerMinute)
{
    /// <summary>What readers get, replaced whole at each change. Heartbeats do not touch it.</summary>
    public InstanceInfo Instance { get; set; } = instance;

    public double RenewalsPerMinute { get; } = renewalsPerMinute;

    public long RenewedAt { get; set; }

    /// <summary>When the operator's override was last asked for; it is forgotten an hour after.</summary>
    public long OverrideAccessedAt { get; set; }

    public bool HasExpired(long now, long latenessMs) => now > RenewedAt + durationMs + latenessMs;

    /// <summary>The instance with the heartbeat that came last.</summary>
    public InstanceInfo Current() => Instance with { Lease = Instance.Lease! with { LastRenewalTimestamp = RenewedAt } };
}
