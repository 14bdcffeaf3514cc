using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Lookup;
using FirstCome.DiscoveryServer.Overrides;
using FirstCome.DiscoveryServer.Pages;
using FirstCome.DiscoveryServer.Registration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace FirstCome.DiscoveryServer;

public static class Program
{
    public static Task Main(string[] args) => Create(args).RunAsync();

    /// <summary>The whole service, ready to run; <paramref name="engines"/> registers what differs between embedded and real engines.</summary>
    public static WebApplication Create(string[] args, Action<WebApplicationBuilder>? engines = null)
    {
        var builder = WebApplication.CreateSlimBuilder(args);
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = EurekaRequest.LongestBodyBytes);
        builder.Services.AddDiscovery();
        engines?.Invoke(builder);

        var app = builder.Build();
        app.MapEureka();
        app.MapGet("/", app.Services.GetRequiredService<InstancesPage>().Handle).ExcludeFromDescription();
        return app;
    }

    private static void AddDiscovery(this IServiceCollection services)
    {
        services.AddOptions<DiscoveryOptions>().BindConfiguration(DiscoveryOptions.Section).ValidateOnStart();
        services.AddSingleton<IValidateOptions<DiscoveryOptions>, ValidateDiscoveryOptions>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddMetrics();
        services.AddSingleton<DiscoveryMetrics>();
        services.AddSingleton(provider => new LeaseRegistry(provider.GetRequiredService<IOptions<DiscoveryOptions>>().Value));
        services.AddHostedService<LeaseUpkeep>();
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
