using FirstCome.DiscoveryServer.Leases;

namespace FirstCome.DiscoveryServer.Registration;

/// <summary><c>DELETE /apps/{app}/{id}</c>: the instance leaves.</summary>
internal sealed class CancelLease(LeaseRegistry registry, TimeProvider time, DiscoveryMetrics metrics, ILogger<CancelLease> logger)
{
    public Task Handle(HttpContext context)
    {
        var key = EurekaRequest.Key(context);
        if (!registry.Cancel(key, time.GetUtcNow().ToUnixTimeMilliseconds())) return EurekaResponse.Status(context, StatusCodes.Status404NotFound);
        metrics.Cancelled();
        DiscoveryLog.Cancelled(logger, key.App, key.Id);
        return EurekaResponse.Empty(context);
    }
}
