using FirstCome.DiscoveryServer.Leases;

namespace FirstCome.DiscoveryServer.Registration;

/// <summary><c>PUT /apps/{app}/{id}/metadata?k=v</c>: adds and replaces entries.</summary>
internal sealed class ChangeMetadata(LeaseRegistry registry, TimeProvider time)
{
    public Task Handle(HttpContext context)
    {
        // Of a key that is given twice the first value counts.
        var entries = context.Request.Query.Select(entry => KeyValuePair.Create(entry.Key, entry.Value.FirstOrDefault() ?? ""));
        return registry.ChangeMetadata(EurekaRequest.Key(context), entries, time.GetUtcNow().ToUnixTimeMilliseconds()) switch
        {
            MetadataOutcome.Changed => EurekaResponse.Empty(context),
            MetadataOutcome.TooLarge => EurekaResponse.Refusal(context, RegistrationLimits.MetadataComplaint),
            _ => EurekaResponse.Status(context, StatusCodes.Status404NotFound),
        };
    }
}
