namespace FirstCome.ConfigClient;

/// <summary>What is known about the settings from ConfigServer; one for each process part, for <c>/health</c>. Safe to read at any time.</summary>
public sealed class ConfigState
{
    private volatile Snapshot _snapshot = new(Configured: false, Reachable: false, Version: null, LoadedAt: null, LastError: null, FromCacheFile: false);

    /// <summary>False when the service was started without a ConfigServer at all.</summary>
    public bool Configured => _snapshot.Configured;

    /// <summary>Whether the last attempt got an answer that could be read, accepted or not.</summary>
    public bool Reachable => _snapshot.Reachable;

    /// <summary>Commit of the settings in force; null when none were ever loaded.</summary>
    public string? Version => _snapshot.Version;

    /// <summary>When the settings in force were received from the server, also if they were read from the cache file since.</summary>
    public DateTimeOffset? LoadedAt => _snapshot.LoadedAt;

    /// <summary>Why the last attempt did not bring the server's settings into force; null when it did.</summary>
    public string? LastError => _snapshot.LastError;

    /// <summary>Whether the settings in force come from the cache file and the server has not confirmed them since the start.</summary>
    public bool FromCacheFile => _snapshot.FromCacheFile;

    internal void Set(Func<Snapshot, Snapshot> change) => _snapshot = change(_snapshot);

    internal sealed record Snapshot(bool Configured, bool Reachable, string? Version, DateTimeOffset? LoadedAt, string? LastError, bool FromCacheFile);
}
