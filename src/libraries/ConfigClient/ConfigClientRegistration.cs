using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FirstCome.ConfigClient;

/// <summary>How a service takes its settings from ConfigServer.</summary>
public static class ConfigClientRegistration
{
    /// <summary>
    /// Adds the settings of a ConfigServer above the settings files and below environment variables, the command line and whatever was added
    /// after the files: what an operator gives to one instance by hand wins over what all instances share. Loads at once, for
    /// <see cref="ConfigClientOptions.FirstLoadTimeout"/> at most, and fails because the server is away only with <see cref="ConfigClientOptions.FailFast"/>. Newer settings come with
    /// <see cref="AddConfigClientPolling"/>.
    /// </summary>
    /// <exception cref="ArgumentException">The options are wrong; the message tells every mistake.</exception>
    /// <exception cref="ConfigServerUnavailableException">There are no settings, and the options ask for them.</exception>
    /// <exception cref="InvalidOperationException">A ConfigServer was added before.</exception>
    public static IConfigurationBuilder AddConfigServer(this IConfigurationBuilder configuration, ConfigClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        ArgumentNullException.ThrowIfNull(options);
        if (options.Errors() is { Count: > 0 } errors)
            throw new ArgumentException(string.Join(" ", errors), nameof(options));
        if (configuration.Sources.Any(source => source is ConfigServerSource))
            throw new InvalidOperationException("This configuration already has a ConfigServer.");
        var lastFile = configuration.Sources.Count - 1;
        while (lastFile >= 0 && configuration.Sources[lastFile] is not FileConfigurationSource)
            lastFile--;
        var source = new ConfigServerSource(options);
        if (lastFile < 0)
            configuration.Add(source);
        else
            configuration.Sources.Insert(lastFile + 1, source);
        return configuration;
    }

    /// <summary>
    /// Keeps looking for newer settings while the service runs, and registers <see cref="ConfigState"/> as a singleton. Harmless without a
    /// ConfigServer: the state then says that none is configured.
    /// </summary>
    public static IServiceCollection AddConfigClientPolling(this IServiceCollection services)
    {
        ArgumentNullException.ThrowIfNull(services);
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => Find(provider.GetRequiredService<IConfiguration>())?.State ?? new ConfigState());
        services.AddSingleton<IHostedService>(provider => new ConfigPolling(
            Find(provider.GetRequiredService<IConfiguration>()),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<ConfigPolling>>()));
        return services;
    }

    private static RemoteSettings? Find(IConfiguration configuration)
        => (configuration as IConfigurationRoot)?.Providers
            .Select(provider => provider switch
            {
                ConfigServerProvider found => found.Remote,
                ChainedConfigurationProvider chained => Find(chained.Configuration),
                _ => null,
            })
            .FirstOrDefault(found => found is not null);
}
