namespace FirstCome.Gateway.Security;

/// <summary>Lets pages of configured origins call the API. Tokens travel in a header, so no cookies are allowed along.</summary>
internal static class CrossOrigin
{
    public static void UseCrossOrigin(this WebApplication app, GatewayOptions options)
    {
        if (options.CorsOrigins.Count == 0) { return; }
        app.UseCors(policy => policy
            .WithOrigins([.. options.CorsOrigins])
            .WithMethods("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
            .WithHeaders("Authorization", "Content-Type", "Accept", "If-Match", "Idempotency-Key", "traceparent")
            .WithExposedHeaders("ETag", "Location", "Retry-After")
            .SetPreflightMaxAge(TimeSpan.FromHours(1)));
    }
}
