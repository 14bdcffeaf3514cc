using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Leases;

internal static class StatusRule
{
    /// <summary>
    /// Which status stands. The first that matches: an instance that says it cannot serve is believed; an operator's override; what the
    /// registry already holds, as an instance does not take itself back into service by a late registration; else what is said.
    /// </summary>
    /// <param name="said">The instance's own word.</param>
    /// <param name="overridden"><see cref="InstanceStatus.Unknown"/> where there is no override.</param>
    /// <param name="held">The status of the existing lease, if there is one.</param>
    /// <param name="replicated">Whether a peer says so; then what is held does not go before it.</param>
    public static InstanceStatus Decide(InstanceStatus said, InstanceStatus overridden, InstanceStatus? held, bool replicated)
    {
        if (said is not (InstanceStatus.Up or InstanceStatus.OutOfService)) return said;
        if (overridden != InstanceStatus.Unknown) return overridden;
        return !replicated && held is InstanceStatus.Up or InstanceStatus.OutOfService ? held.Value : said;
    }
}
