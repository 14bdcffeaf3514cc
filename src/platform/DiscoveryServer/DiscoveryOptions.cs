using Microsoft.Extensions.Options;

namespace FirstCome.DiscoveryServer;

/// <summary>Section <c>Discovery</c>. Read once at start.</summary>
public sealed class DiscoveryOptions
{
    public const string Section = "Discovery";

    /// <summary>For an instance that registers without saying how long its lease lives. 2 s to 1 day, default 90 s.</summary>
    public TimeSpan DefaultLeaseDuration { get; set; } = TimeSpan.FromSeconds(90);

    /// <summary>For an instance that registers without saying how often it renews. 1 s to 1 h, default 30 s.</summary>
    public TimeSpan DefaultRenewalInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Between two searches for leases that have run out. 100 ms to 1 h, default 60 s.</summary>
    public TimeSpan EvictionInterval { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>
    /// Whether eviction waits while fewer heartbeats arrive than <see cref="RenewalThreshold"/> of those expected: then it is likelier that the
    /// network is cut than that so many died at once. Default true.
    /// </summary>
    public bool SelfPreservation { get; set; } = true;

    /// <summary>
    /// The share of the expected heartbeats above which eviction goes on, and the share of the instances that one eviction leaves. 0 to 1,
    /// default 0.85.
    /// </summary>
    public double RenewalThreshold { get; set; } = 0.85;

    /// <summary>How long deltas tell of a change. Clients fetch more often than this. 10 s to 1 h, default 180 s.</summary>
    public TimeSpan ChangeRetention { get; set; } = TimeSpan.FromSeconds(180);

    /// <summary>Between two purges of changes that are too old. 100 ms to 1 h, default 30 s.</summary>
    public TimeSpan ChangePurgeInterval { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>More are refused with 503. 1 to 100,000, default 10,000.</summary>
    public int MaxInstances { get; set; } = 10_000;

    /// <summary>
    /// The other servers of this registry: base addresses such as <c>http://10.0.0.2:8081/eureka</c>, with commas between them; this server's own may be
    /// among them. At most 8. Default: none.
    /// </summary>
    public string Peers { get; set; } = "";

    /// <summary>For one call to one peer. 100 ms to 1 min, default 5 s.</summary>
    public TimeSpan PeerCallTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a start waits for peers to hand over what they hold; then it begins empty. 0 to 5 min, default 10 s.</summary>
    public TimeSpan PeerLoadTimeout { get; set; } = TimeSpan.FromSeconds(10);

    internal IEnumerable<Uri> PeerUrls() => PeerTexts().Select(url => new Uri(url.TrimEnd('/') + "/"));

    internal string[] PeerTexts() => Peers.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

internal sealed class ValidateDiscoveryOptions : IValidateOptions<DiscoveryOptions>
{
    private const int MostPeers = 8;

    public ValidateOptionsResult Validate(string? name, DiscoveryOptions options)
    {
        var errors = new List<string>();
        Between(options.DefaultLeaseDuration, TimeSpan.FromSeconds(2), TimeSpan.FromDays(1), nameof(options.DefaultLeaseDuration));
        Between(options.DefaultRenewalInterval, TimeSpan.FromSeconds(1), TimeSpan.FromHours(1), nameof(options.DefaultRenewalInterval));
        Between(options.EvictionInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), nameof(options.EvictionInterval));
        Between(options.RenewalThreshold, 0, 1, nameof(options.RenewalThreshold));
        Between(options.ChangeRetention, TimeSpan.FromSeconds(10), TimeSpan.FromHours(1), nameof(options.ChangeRetention));
        Between(options.ChangePurgeInterval, TimeSpan.FromMilliseconds(100), TimeSpan.FromHours(1), nameof(options.ChangePurgeInterval));
        Between(options.MaxInstances, 1, 100_000, nameof(options.MaxInstances));
        Between(options.PeerCallTimeout, TimeSpan.FromMilliseconds(100), TimeSpan.FromMinutes(1), nameof(options.PeerCallTimeout));
        Between(options.PeerLoadTimeout, TimeSpan.Zero, TimeSpan.FromMinutes(5), nameof(options.PeerLoadTimeout));
        var peers = options.PeerTexts();
        if (peers.Length > MostPeers) errors.Add($"Discovery:Peers names {peers.Length} servers; it must be at most {MostPeers}.");
        if (!peers.All(IsPeerUrl))
            errors.Add("Discovery:Peers must hold http or https addresses without credentials, query or fragment, such as http://10.0.0.2:8081/eureka.");
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Between<T>(T value, T least, T greatest, string key)
            where T : IComparable<T>
        {
            var isWithin = value.CompareTo(least) >= 0 && value.CompareTo(greatest) <= 0;
            if (!isWithin) errors.Add($"Discovery:{key} is {value}; it must be from {least} to {greatest}.");
        }
    }

    private static bool IsPeerUrl(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" && uri is { UserInfo: "", Query: "", Fragment: "" };
}
