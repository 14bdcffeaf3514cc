using FirstCome.Eureka;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.DependencyInjection;

namespace FirstCome.RulesTests.ServiceDefaults;

/// <summary>Tells a service's registry client what a registry would.</summary>
internal static class Registered
{
    /// <summary>These are all the instances there are: service and port on the loopback.</summary>
    public static void Set(IServiceProvider services, params (string Service, int Port)[] instances)
    {
        var registry = services.GetRequiredService<EurekaRegistry>();
        // Replace keeps for a while what is missing; a delta says that it is gone.
        var gone = registry.Known().Select(instance => instance with { Action = InstanceAction.Deleted });
        registry.Apply(new Applications("1", "", [.. gone, .. instances.Select(instance => Instance(instance.Service, instance.Port))]));
    }

    private static InstanceInfo Instance(string service, int port) => new()
    {
        App = service.ToUpperInvariant(),
        InstanceId = $"127.0.0.1:{service}:{port}",
        HostName = "127.0.0.1",
        IpAddress = "127.0.0.1",
        Port = new(port, true),
        Action = InstanceAction.Added,
        DataCenter = DataCenterInfo.MyOwn,
    };
}
