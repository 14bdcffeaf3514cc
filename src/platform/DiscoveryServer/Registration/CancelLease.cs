using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Peers;

namespace FirstCome.DiscoveryServer.Registration;

/// <summary><c>DELETE /apps/{app}/{id}</c>: the instance leaves.</summary>
internal sealed class CancelLease(
    LeaseRegistry registry, PeerReplication replication, TimeProvider time, DiscoveryMetrics metrics, ILogger<CancelLease> logger)
{
    public Task Handle(HttpContext context)
    {
        var key = EurekaRequest.Key(context);
        if (registry.Cancel(key, time.GetUtcNow().ToUnixTimeMilliseconds()) is not { } cancelled)
            return EurekaResponse.Status(context, StatusCodes.Status404NotFound);
        if (!EurekaRequest.IsReplicated(context)) replication.Cancelled(key, cancelled.LastDirtyTimestamp);
        metrics.Cancelled();
        DiscoveryLog.Cancelled(logger, key.App, key.Id);
        return EurekaResponse.Empty(context);
    }
}
