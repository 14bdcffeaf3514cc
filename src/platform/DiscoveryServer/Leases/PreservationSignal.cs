using FirstCome.ServiceDefaults;

namespace FirstCome.DiscoveryServer.Leases;

/// <summary>Tells <c>/health</c> when the registry gives out instances that may be dead.</summary>
internal sealed class PreservationSignal(LeaseRegistry registry, TimeProvider time) : IHealthSignal
{
    public string Name => "leases";

    public HealthState Current
    {
        get
        {
            var preservation = registry.Preservation(time.GetUtcNow().ToUnixTimeMilliseconds());
            return preservation.KeepsExpired
                ? new(Severity.Degraded, $"self-preservation: {preservation.Expired} instances without heartbeats are kept")
                : HealthState.Ok;
        }
    }
}
