using FirstCome.DiscoveryServer.Lookup;
using FirstCome.DiscoveryServer.Overrides;
using FirstCome.DiscoveryServer.Registration;

namespace FirstCome.DiscoveryServer;

/// <summary>The contract's paths, under both prefixes that clients use. Routes ignore a trailing slash, as clients send it or not.</summary>
internal static class EurekaEndpoints
{
    private static readonly string[] Read = [HttpMethods.Get, HttpMethods.Head];

    public static void MapEureka(this WebApplication app)
    {
        var time = app.Services.GetRequiredService<TimeProvider>();
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments("/eureka", StringComparison.OrdinalIgnoreCase),
            eureka => eureka.UseStatusCodePages(error => EurekaResponse.Error(error.HttpContext, time)));
        foreach (var prefix in (string[])["/eureka", "/eureka/v2"]) Map(app.MapGroup(prefix).ExcludeFromDescription(), app.Services);
    }

    private static void Map(RouteGroupBuilder eureka, IServiceProvider services)
    {
        var read = services.GetRequiredService<ReadRegistry>();
        eureka.MapMethods("/apps", Read, read.Full);
        eureka.MapMethods("/apps/delta", Read, read.Delta);
        eureka.MapMethods("/apps/{app}", Read, read.Application);
        eureka.MapMethods("/apps/{app}/{id}", Read, read.Instance);
        eureka.MapMethods("/instances/{id}", Read, read.InstanceById);
        eureka.MapMethods("/vips/{vip}", Read, read.Vip);
        eureka.MapMethods("/svips/{vip}", Read, read.SecureVip);

        eureka.MapPost("/apps/{app}", services.GetRequiredService<RegisterInstance>().Handle);
        eureka.MapPut("/apps/{app}/{id}", services.GetRequiredService<RenewLease>().Handle);
        eureka.MapDelete("/apps/{app}/{id}", services.GetRequiredService<CancelLease>().Handle);
        eureka.MapPut("/apps/{app}/{id}/metadata", services.GetRequiredService<ChangeMetadata>().Handle);
        eureka.MapPut("/apps/{app}/{id}/status", services.GetRequiredService<OverrideStatus>().Handle);
        eureka.MapDelete("/apps/{app}/{id}/status", services.GetRequiredService<RemoveOverride>().Handle);
    }
}
