using FirstCome.DiscoveryServer.Leases;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Registration;

/// <summary><c>PUT /apps/{app}/{id}</c>: the heartbeat. 404 tells the instance to register again.</summary>
internal sealed class RenewLease(LeaseRegistry registry, TimeProvider time, DiscoveryMetrics metrics)
{
    public Task Handle(HttpContext context)
    {
        if (!EurekaRequest.TryDirtyTimestamp(context, out var dirtyTimestamp)) return EurekaResponse.Status(context, StatusCodes.Status400BadRequest);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (outcome, instance) = registry.Renew(EurekaRequest.Key(context), dirtyTimestamp, now, EurekaRequest.IsReplicated(context));
        switch (outcome)
        {
            case RenewOutcome.Renewed:
                metrics.Renewed();
                return EurekaResponse.Empty(context);
            case RenewOutcome.RegistrationIsNewer:
                return EurekaResponse.Bytes(context, EurekaJsonWriter.Instance(instance!), StatusCodes.Status409Conflict);
            default:
                return EurekaResponse.Status(context, StatusCodes.Status404NotFound);
        }
    }
}
