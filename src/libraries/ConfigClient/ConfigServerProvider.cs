using Microsoft.Extensions.Configuration;

namespace FirstCome.ConfigClient;

/// <summary>
/// A configuration manager builds its providers again whenever a source is inserted; what was loaded lives in the source, so the server
/// is asked once however often that happens.
/// </summary>
internal sealed class ConfigServerSource(ConfigClientOptions options) : IConfigurationSource
{
    private readonly RemoteSettings _remote = RemoteSettings.For(options);

    public IConfigurationProvider Build(IConfigurationBuilder builder) => new ConfigServerProvider(_remote);
}

internal sealed class ConfigServerProvider : ConfigurationProvider, IDisposable
{
    public ConfigServerProvider(RemoteSettings remote)
    {
        Remote = remote;
        remote.Changed += Take;
    }

    public RemoteSettings Remote { get; }

    public override void Load()
    {
        Remote.LoadFirst(TimeProvider.System.GetUtcNow());
        Data = Copy();
    }

    public void Dispose() => Remote.Changed -= Take;

    private void Take()
    {
        Data = Copy();
        OnReload();
    }

    private Dictionary<string, string?> Copy() => new(Remote.Values, StringComparer.OrdinalIgnoreCase);
}
