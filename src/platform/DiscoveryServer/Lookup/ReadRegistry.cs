using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Pages;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Lookup;

/// <summary>The reads of the contract.</summary>
internal sealed class ReadRegistry(LeaseRegistry registry, RenderedRegistry rendered, InstancesPage page)
{
    /// <summary><c>GET /apps</c>: everything.</summary>
    public Task Full(HttpContext context) =>
        EurekaRequest.IsBrowser(context) ? page.Handle(context) : Rendered(context, rendered.Full);

    /// <summary><c>GET /apps/delta</c>: what has changed lately, and the hash of everything.</summary>
    public Task Delta(HttpContext context)
    {
        // Routes take DELTA for the same; in the contract it is an application.
        var isDelta = context.Request.Path.Value!.TrimEnd('/').EndsWith("delta", StringComparison.Ordinal);
        return isDelta ? Rendered(context, rendered.Delta) : Application(context, "DELTA");
    }

    /// <summary><c>GET /apps/{app}</c>.</summary>
    public Task Application(HttpContext context) => Application(context, EurekaRequest.App(context));

    /// <summary><c>GET /apps/{app}/{id}</c>.</summary>
    public Task Instance(HttpContext context) => Instance(context, registry.Find(EurekaRequest.Key(context)));

    /// <summary><c>GET /instances/{id}</c>.</summary>
    public Task InstanceById(HttpContext context) => Instance(context, registry.FindById(EurekaRequest.Segment(context, "id")));

    /// <summary><c>GET /vips/{vip}</c>: with case, of every status, and none is an answer too.</summary>
    public Task Vip(HttpContext context) => Vips(context, instance => instance.VipAddress);

    /// <summary><c>GET /svips/{vip}</c>.</summary>
    public Task SecureVip(HttpContext context) => Vips(context, instance => instance.SecureVipAddress);

    private Task Application(HttpContext context, string app)
    {
        if (AnswerForm.Of(context.Request) is not { } form) return NotAcceptable(context);
        var instances = registry.Application(app);
        return instances.Length == 0
            ? EurekaResponse.Status(context, StatusCodes.Status404NotFound)
            : EurekaResponse.Bytes(context, form.Application(app, instances), form.ContentType);
    }

    private static Task Instance(HttpContext context, InstanceInfo? instance)
    {
        if (AnswerForm.Of(context.Request) is not { } form) return NotAcceptable(context);
        return instance is null
            ? EurekaResponse.Status(context, StatusCodes.Status404NotFound)
            : EurekaResponse.Bytes(context, form.Instance(instance), form.ContentType);
    }

    private Task Vips(HttpContext context, Func<InstanceInfo, string?> addresses)
    {
        if (AnswerForm.Of(context.Request) is not { } form) return NotAcceptable(context);
        var vip = EurekaRequest.Segment(context, "vip");
        var instances = registry.Where(instance => addresses(instance)?.Split(',').Contains(vip) == true);
        return EurekaResponse.Bytes(context, form.Applications(new("-1", RegistryHashCode.Of(instances), instances)), form.ContentType);
    }

    private static Task Rendered(HttpContext context, Func<AnswerForm, bool, byte[]> bytes)
    {
        if (AnswerForm.Of(context.Request) is not { } form) return NotAcceptable(context);
        var gzip = EurekaRequest.TakesGzip(context);
        return EurekaResponse.Bytes(context, bytes(form, gzip), form.ContentType, gzip: gzip);
    }

    private static Task NotAcceptable(HttpContext context) => EurekaResponse.Status(context, StatusCodes.Status406NotAcceptable);
}
