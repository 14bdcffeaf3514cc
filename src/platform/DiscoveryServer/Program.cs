using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Lookup;
using FirstCome.DiscoveryServer.Overrides;
using FirstCome.DiscoveryServer.Pages;
using FirstCome.DiscoveryServer.Peers;
using FirstCome.DiscoveryServer.Registration;
using FirstCome.Eureka;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.DiscoveryServer;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        // The registry does not stand in the registry.
        builder.Configuration.AddInMemoryCollection([new($"{EurekaClientOptions.Section}:{nameof(EurekaClientOptions.ServerUrls)}", "")]);
        builder.AddServiceDefaults("discovery-server");
        builder.Services.AddDiscovery();
        engines?.Invoke(builder);

        var app = builder.Build();
        app.MapServiceDefaults();
        app.MapEureka();
        app.MapGet("/", app.Services.GetRequiredService<InstancesPage>().Handle).ExcludeFromDescription();
        return app;
    }

    private static void AddDiscovery(this IServiceCollection services)
    {
        services.AddOptions<DiscoveryOptions>().BindConfiguration(DiscoveryOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DiscoveryOptions>, ValidateDiscoveryOptions>();
        services.AddSingleton<DiscoveryMetrics>();
        services.AddSingleton(provider => new LeaseRegistry(provider.GetRequiredService<IOptions<DiscoveryOptions>>().Value));
        services.AddHostedService<LeaseUpkeep>();
        services.AddSingleton<PeerReplication>();
        services.AddHostedService(provider => provider.GetRequiredService<PeerReplication>());
        services.AddHealthSignal<PeerSignal>();
        services.AddSingleton<ReceiveReplication>();
        services.AddHealthSignal<PreservationSignal>();
        services.AddSingleton<RenderedRegistry>();
        services.AddSingleton<InstancesPage>();
        services.AddSingleton<ReadRegistry>();
        services.AddSingleton<RegisterInstance>();
        services.AddSingleton<RenewLease>();
        services.AddSingleton<CancelLease>();
        services.AddSingleton<ChangeMetadata>();
        services.AddSingleton<OverrideStatus>();
        services.AddSingleton<RemoveOverride>();
    }
}
