using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Peers;

namespace FirstCome.DiscoveryServer.Registration;

/// <summary><c>PUT /apps/{app}/{id}/metadata?k=v</c>: adds and replaces entries.</summary>
internal sealed class ChangeMetadata(LeaseRegistry registry, PeerReplication replication, TimeProvider time)
{
    public Task Handle(HttpContext context)
    {
        // Of a key that is given twice the first value counts.
        var entries = context.Request.Query.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.FirstOrDefault() ?? ""));
        var key = EurekaRequest.Key(context);
        var outcome = registry.ChangeMetadata(key, entries, time.GetUtcNow().ToUnixTimeMilliseconds());
        if (outcome == MetadataOutcome.Changed && !EurekaRequest.IsReplicated(context)) replication.Registered(key);
        return outcome switch
        {
            MetadataOutcome.Changed => EurekaResponse.Empty(context),
            MetadataOutcome.TooLarge => EurekaResponse.Refusal(context, RegistrationLimits.MetadataComplaint),
            _ => EurekaResponse.Status(context, StatusCodes.Status404NotFound),
        };
    }
}
