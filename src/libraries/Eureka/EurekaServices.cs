using FirstCome.Eureka.Lookup;
using FirstCome.Eureka.Registration;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.ServiceDiscovery;

namespace FirstCome.Eureka;

/// <summary>Adds the registry client to a host.</summary>
public static class EurekaServices
{
    /// <summary>
    /// Registers this process and keeps <see cref="EurekaRegistry"/>, which callers inject, up to date. With the registry away the process
    /// starts and works all the same. Called again, it adds to the options.
    /// </summary>
    public static IServiceCollection AddEurekaClient(this IServiceCollection services, Action<EurekaClientOptions>? configure = null)
    {
        var options = services.AddOptions<EurekaClientOptions>().ValidateOnStart();
        if (configure is not null) options.Configure(configure);
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IValidateOptions<EurekaClientOptions>, ValidateEurekaClientOptions>());
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<EurekaServers>();
        services.TryAddSingleton<RegistryCacheFile>();
        services.TryAddSingleton<RegistryFetch>();
        services.TryAddSingleton<InstanceRegistration>();
        services.TryAddSingleton(provider => new OwnAddress(provider.GetRequiredService<IOptions<EurekaClientOptions>>(), provider.GetService<IServer>()));
        services.TryAddSingleton(provider => new EurekaRegistry(
            provider.GetRequiredService<IOptions<EurekaClientOptions>>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<EurekaRegistry>>()));
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IHostedService, EurekaClientService>());
        return services;
    }

    /// <summary>The same, with the options bound to a section, usually <c>Eureka</c>; <paramref name="configure"/> goes before what it says.</summary>
    public static IServiceCollection AddEurekaClient(
        this IServiceCollection services, IConfiguration section, Action<EurekaClientOptions>? configure = null)
    {
        services.AddOptions<EurekaClientOptions>().Bind(section);
        return services.AddEurekaClient(configure);
    }

    /// <summary>
    /// Makes the instance's status follow the host's health checks: DOWN while one of them is unhealthy, else UP, told with the next heartbeat.
    /// <see cref="HealthCheckPublisherOptions"/> say how often they are asked. A status that the options give goes before it.
    /// </summary>
    public static IServiceCollection AddEurekaStatusFromHealth(this IServiceCollection services)
    {
        services.AddHealthChecks();
        services.TryAddSingleton<StatusFromHealth>();
        services.TryAddEnumerable(
            ServiceDescriptor.Singleton<IHealthCheckPublisher, StatusFromHealth>(provider => provider.GetRequiredService<StatusFromHealth>()));
        services.AddOptions<EurekaClientOptions>().PostConfigure<StatusFromHealth>((options, health) => options.Status ??= () => health.Current);
        return services;
    }

    /// <summary>
    /// Lets <c>http://coupon-service/…</c> be resolved through the registry, after <c>AddServiceDiscovery()</c>. Names that hold a dot, a
    /// colon or are <c>localhost</c>, and names for which configuration gives addresses, are left alone.
    /// </summary>
    public static IServiceCollection AddEurekaEndpointProvider(this IServiceCollection services)
    {
        services.TryAddEnumerable(ServiceDescriptor.Singleton<IServiceEndpointProviderFactory, EurekaEndpointProviderFactory>());
        return services;
    }
}
