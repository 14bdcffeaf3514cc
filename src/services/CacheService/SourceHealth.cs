using System.Collections.Concurrent;
using FirstCome.ServiceDefaults;

namespace FirstCome.CacheService;

/// <summary>What was seen last of something that this service can do without for a while. Its absence degrades and never fails: what is kept is still told.</summary>
internal abstract class SourceHealth(string name, string withoutIt) : IHealthSignal
{
    private volatile bool _away;

    public string Name => name;

    public HealthState Current => _away ? new(Severity.Degraded, withoutIt) : HealthState.Ok;

    public bool Away => _away;

    /// <summary>True where that is news.</summary>
    public bool Tell(bool away)
    {
        var isNews = _away != away;
        _away = away;
        return isNews;
    }
}

internal sealed class CouponServiceHealth() : SourceHealth("coupon-service", "CouponService does not answer; campaigns are told as they were last known");

internal sealed class IssueServiceHealth() : SourceHealth("issue-service", "IssueService does not answer; counts and own claims are not known");

internal sealed class RedisHealth() : SourceHealth("redis", "Redis does not answer; campaigns come from memory and CouponService");

/// <summary>The topics that are followed; one that cannot be read degrades.</summary>
internal sealed class LogHealth : IHealthSignal
{
    private readonly ConcurrentDictionary<string, bool> _away = new();

    public string Name => "log";

    public HealthState Current
    {
        get
        {
            var away = _away.Where(topic => topic.Value).Select(topic => topic.Key).Order(StringComparer.Ordinal).ToList();
            return away.Count == 0 ? HealthState.Ok : new(Severity.Degraded, $"{string.Join(", ", away)} cannot be read; campaigns are at most Cache:FreshFor old, and coupons are not pushed");
        }
    }

    /// <summary>True where that is news.</summary>
    public bool Tell(string topic, bool away)
    {
        var before = _away.GetValueOrDefault(topic);
        _away[topic] = away;
        return before != away;
    }
}
