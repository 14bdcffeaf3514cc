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
}

internal sealed class ValidateDiscoveryOptions : IValidateOptions<DiscoveryOptions>
{
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
        return errors.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(errors);

        void Between<T>(T value, T least, T greatest, string key)
            where T : IComparable<T>
        {
            var isWithin = value.CompareTo(least) >= 0 && value.CompareTo(greatest) <= 0;
            if (!isWithin) errors.Add($"Discovery:{key} is {value}; it must be from {least} to {greatest}.");
        }
    }
}
