using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Peers;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Overrides;

/// <summary><c>PUT /apps/{app}/{id}/status?value=OUT_OF_SERVICE</c>: an operator's word above the instance's own.</summary>
internal sealed class OverrideStatus(LeaseRegistry registry, PeerReplication replication, TimeProvider time, ILogger<OverrideStatus> logger)
{
    public Task Handle(HttpContext context)
    {
        if (!EurekaRequest.TryStatus(context, out var status)) return EurekaResponse.Refusal(context, StatusNames.Complaint);
        // A timestamp that is no number is passed over here, as the original does.
        _ = EurekaRequest.TryDirtyTimestamp(context, out var dirtyTimestamp);
        var key = EurekaRequest.Key(context);
        if (!registry.OverrideStatus(key, status, dirtyTimestamp, time.GetUtcNow().ToUnixTimeMilliseconds()))
            return EurekaResponse.Status(context, StatusCodes.Status404NotFound);
        if (!EurekaRequest.IsReplicated(context)) replication.StatusChanged(key);
        DiscoveryLog.Overridden(logger, key.App, key.Id, WireNames.Of(status));
        return EurekaResponse.Empty(context);
    }
}

internal static class StatusNames
{
    public const string Complaint = "value must be UP, DOWN, STARTING, OUT_OF_SERVICE or UNKNOWN";
}
