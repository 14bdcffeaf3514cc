using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Peers;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Overrides;

/// <summary>
/// <c>DELETE /apps/{app}/{id}/status?value=UP</c>: takes an override away. Without a value the instance is UNKNOWN until it registers again.
/// </summary>
internal sealed class RemoveOverride(LeaseRegistry registry, PeerReplication replication, TimeProvider time, ILogger<RemoveOverride> logger)
{
    public Task Handle(HttpContext context)
    {
        if (!EurekaRequest.TryStatus(context, out var status) && context.Request.Query.ContainsKey("value"))
            return EurekaResponse.Refusal(context, StatusNames.Complaint);
        _ = EurekaRequest.TryDirtyTimestamp(context, out var dirtyTimestamp);
        var key = EurekaRequest.Key(context);
        if (!registry.RemoveOverride(key, status, dirtyTimestamp, time.GetUtcNow().ToUnixTimeMilliseconds()))
            return EurekaResponse.Status(context, StatusCodes.Status404NotFound);
        if (!EurekaRequest.IsReplicated(context)) replication.StatusChanged(key);
        DiscoveryLog.OverrideRemoved(logger, key.App, key.Id, WireNames.Of(status));
        return EurekaResponse.Empty(context);
    }
}
