using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Peers;

namespace FirstCome.DiscoveryServer.Registration;

/// <summary><c>PUT /apps/{app}/{id}</c>: the heartbeat. 404 tells the instance to register again.</summary>
internal sealed class RenewLease(LeaseRegistry registry, PeerReplication replication, TimeProvider time, DiscoveryMetrics metrics)
{
    public Task Handle(HttpContext context)
    {
        if (!EurekaRequest.TryDirtyTimestamp(context, out var dirtyTimestamp)) return EurekaResponse.Status(context, StatusCodes.Status400BadRequest);
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var (key, replicated) = (EurekaRequest.Key(context), EurekaRequest.IsReplicated(context));
        var (outcome, instance) = registry.Renew(key, dirtyTimestamp, now, replicated);
        switch (outcome)
        {
            case RenewOutcome.Renewed:
                metrics.Renewed();
                if (!replicated) replication.Renewed(key);
                return EurekaResponse.Empty(context);
            case RenewOutcome.RegistrationIsNewer:
                var form = AnswerForm.OrJson(context.Request);
                return EurekaResponse.Bytes(context, form.Instance(instance!), form.ContentType, StatusCodes.Status409Conflict);
            default:
                return EurekaResponse.Status(context, StatusCodes.Status404NotFound);
        }
    }
}
