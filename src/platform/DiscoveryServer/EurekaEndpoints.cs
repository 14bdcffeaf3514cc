using FirstCome.DiscoveryServer.Lookup;
using FirstCome.DiscoveryServer.Overrides;
using FirstCome.DiscoveryServer.Peers;
using FirstCome.DiscoveryServer.Registration;
using Microsoft.AspNetCore.Mvc;

namespace FirstCome.DiscoveryServer;

/// <summary>The contract's paths, under both prefixes that clients use. Routes ignore a trailing slash, as clients send it or not.</summary>
internal static class EurekaEndpoints
{
    public static void MapEureka(this WebApplication app)
    {
        var time = app.Services.GetRequiredService<TimeProvider>();
        app.UseWhen(
            context => context.Request.Path.StartsWithSegments("/eureka", StringComparison.OrdinalIgnoreCase),
            eureka => eureka.UseStatusCodePages(error => EurekaError.Write(error.HttpContext, time)));
        foreach (var prefix in (string[])["/eureka", "/eureka/v2"]) Map(app.MapGroup(prefix).ExcludeFromDescription(), app.Services);
    }

    private static void Map(RouteGroupBuilder eureka, IServiceProvider services)
    {
        var read = services.GetRequiredService<ReadRegistry>();
        Resource(eureka, "/apps", get: read.Full);
        Resource(eureka, "/apps/delta", get: read.Delta);
        Resource(eureka, "/apps/{app}", get: read.Application, post: services.GetRequiredService<RegisterInstance>().Handle);
        Resource(
            eureka, "/apps/{app}/{id}", get: read.Instance,
            put: services.GetRequiredService<RenewLease>().Handle, delete: services.GetRequiredService<CancelLease>().Handle);
        Resource(eureka, "/apps/{app}/{id}/metadata", put: services.GetRequiredService<ChangeMetadata>().Handle);
        Resource(
            eureka, "/apps/{app}/{id}/status",
            put: services.GetRequiredService<OverrideStatus>().Handle, delete: services.GetRequiredService<RemoveOverride>().Handle);
        Resource(eureka, "/instances/{id}", get: read.InstanceById);
        Resource(eureka, "/vips/{vip}", get: read.Vip);
        Resource(eureka, "/svips/{vip}", get: read.SecureVip);
        eureka.MapPost(ReplicationBody.Path, services.GetRequiredService<ReceiveReplication>().Handle)
            .WithMetadata(new RequestSizeLimitAttribute(ReplicationBody.MostBytes));
    }

    /// <summary>A path with its operations, and OPTIONS, which names them.</summary>
    private static void Resource(
        RouteGroupBuilder eureka, string path, RequestDelegate? get = null, RequestDelegate? post = null, RequestDelegate? put = null,
        RequestDelegate? delete = null)
    {
        List<string> allowed = [];
        Operation([HttpMethods.Head, HttpMethods.Get], get);
        Operation([HttpMethods.Post], post);
        Operation([HttpMethods.Put], put);
        Operation([HttpMethods.Delete], delete);
        allowed.Add(HttpMethods.Options);
        var methods = string.Join(',', allowed);
        eureka.MapMethods(path, [HttpMethods.Options], context => EurekaResponse.Allowed(context, methods));

        void Operation(string[] names, RequestDelegate? handle)
        {
            if (handle is null) return;
            eureka.MapMethods(path, names, handle);
            allowed.AddRange(names);
        }
    }
}
