using FirstCome.ConfigClient;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace FirstCome.ServiceDefaults;

internal static class ConfigurationClient
{
    private const string Section = "ConfigServer", UrlsDefault = "http://127.0.0.1:8082", ConfigServerName = "configserver", RegistryExample = "http://127.0.0.1:8081/eureka";

    /// <summary>
    /// Settings from the config server, above the service's own files and below environment and command line. <c>ConfigServer:Urls</c> may be a list with commas; empty turns it off; with <c>ConfigServer:DiscoveryUrls</c> the registry is asked for them first. The config server has nobody
    /// to ask but itself, and does not.
    /// </summary>
    public static void AddConfigurationClient(this WebApplicationBuilder builder, string service)
    {
        var configuration = builder.Configuration;
        var registries = service == ConfigServerName ? [] : configuration.ReadList($"{Section}:DiscoveryUrls", "");
        var urls = service == ConfigServerName || registries.Count > 0 ? [] : configuration.ReadList($"{Section}:Urls", UrlsDefault);
        if (urls.Count + registries.Count > 0)
        {
            var section = configuration.GetSection(Section);
            IConfigurationSource? source = null;
            var before = configuration.Sources.ToHashSet();
            ((IConfigurationBuilder)configuration).AddConfigServer(new ConfigClientOptions
            {
                Urls = Addresses("Urls", urls, UrlsDefault),
                DiscoveryUrls = Addresses("DiscoveryUrls", registries, RegistryExample),
                FailFast = section.GetValue("FailFast", false),
                LongPoll = section.GetValue("LongPoll", TimeSpan.FromSeconds(20)),
                Application = service,
                Profiles = configuration.ReadList($"{Section}:Profiles", "default"),
                Label = section["Label"],
                PollInterval = section.GetValue("PollInterval", TimeSpan.FromSeconds(10)),
                Timeout = section.GetValue("Timeout", TimeSpan.FromSeconds(2)),
                FirstLoadTimeout = section.GetValue("FirstLoadTimeout", TimeSpan.FromSeconds(1)),
                CacheFile = section["CacheFile"],
                UserName = section["UserName"],
                Password = section["Password"],
                // A config server of ours knows its services by their key.
                Token = section["Token"] ?? (section["UserName"] is null ? TokenOf(configuration["Service:Key"]) : null),
                // At the first load nothing is registered yet; the host's start checks that.
                Validate = fetched => source is null ? [] : CheckedOptions.CheckAgain(builder.Services, configuration, source, fetched),
            });
            source = configuration.Sources.Single(each => !before.Contains(each));
            builder.Services.AddHealthSignal<ConfigurationSignal>();
        }
        builder.Services.AddConfigClientPolling();
        builder.Services.AddSingleton<IConfigurationVersion, FetchedVersion>();
    }

    private static List<Uri> Addresses(string key, IEnumerable<string> given, string example) =>
        [.. given.Select(address => Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri
            : throw new ArgumentException($"{Section}:{key} must be addresses such as {example}, separated by commas, but one is \"{address}\"."))];

    // A key with other characters cannot travel as a token; the check of the section Service tells what is wrong with an empty one.
    private static string? TokenOf(string? key) => key?.Length > 0 && key.All(character => character is > ' ' and <= '~') ? key : null;

    private sealed class FetchedVersion(ConfigState state) : IConfigurationVersion
    {
        public string? Commit => state.Version;
    }
}

internal sealed class ConfigurationSignal(ConfigState state) : IHealthSignal
{
    public string Name => "configuration";

    public HealthState Current => state switch
    {
        { Reachable: false, Version: null } => new(Severity.Degraded, $"built-in defaults are used: {state.LastError ?? "the config server has not answered yet"}"),
        { Reachable: false } => new(Severity.Degraded, $"the last known settings are used: {state.LastError}"),
        { LastError: { } error } => new(Severity.Degraded, error),
        _ => HealthState.Ok,
    };
}
