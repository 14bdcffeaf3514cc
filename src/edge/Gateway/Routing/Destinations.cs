using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using FirstCome.Eureka;
using Microsoft.Extensions.Primitives;

namespace FirstCome.Gateway.Routing;

/// <summary>An instance that requests can be sent to.</summary>
internal sealed class Destination(ServiceInstance instance)
{
    private static readonly TimeSpan s_failureLineEvery = TimeSpan.FromSeconds(1);
    private readonly Lock _failures = new();
    private int _inFlight;
    private long? _failureLineAt;
    private long _unloggedFailures;

    public ServiceInstance Instance => instance;

    /// <summary>What the forwarder puts before the path.</summary>
    public string Prefix { get; } = instance.Uri.ToString();

    /// <summary>The instance's name as a cookie may tell it: no address.</summary>
    public string Tag { get; } = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(instance.InstanceId)).AsSpan(0, 8));

    /// <summary>Requests under way through this gateway.</summary>
    public int InFlight => Volatile.Read(ref _inFlight);

    public void Begin() => Interlocked.Increment(ref _inFlight);

    public void End() => Interlocked.Decrement(ref _inFlight);

    /// <summary>
    /// Counts a failure. True where it is to be logged, once a second at most: an instance that is away fails every request, and the log must not grow with
    /// them.
    /// </summary>
    /// <param name="unlogged">How many failures went without a line since the last one.</param>
    public bool IsFailureLogged(TimeProvider time, out long unlogged)
    {
        lock (_failures)
        {
            var now = time.GetTimestamp();
            unlogged = _unloggedFailures;
            if (_failureLineAt is { } last && time.GetElapsedTime(last, now) < s_failureLineEvery)
            {
                _unloggedFailures++;
                return false;
            }
            (_failureLineAt, _unloggedFailures) = (now, 0);
            return true;
        }
    }
}

/// <summary>The instances of every service, as the registry's client knows them; a change there is a change here at once. Numbers of requests under way survive it.</summary>
internal sealed class Destinations : IDisposable
{
    private readonly EurekaRegistry _registry;
    private readonly Lock _building = new();
    private readonly IDisposable _subscription;
    private volatile FrozenDictionary<string, Destination[]> _byService = FrozenDictionary<string, Destination[]>.Empty;

    public Destinations(EurekaRegistry registry)
    {
        _registry = registry;
        _subscription = ChangeToken.OnChange(registry.GetChangeToken, Build);
        Build();
    }

    /// <summary>
    /// Of two instances taken at random the one with fewer requests under way; null where there is none. An instance to avoid is chosen only where there is no other.
    /// </summary>
    public Destination? Choose(string service, Destination? avoid = null)
    {
        if (!_byService.TryGetValue(service, out var all))
        {
            // Asking makes the registry's client look for it soon.
            _ = _registry.Instances(service);
            return null;
        }
        if (all.Length == 1) { return all[0]; }
        var first = Random.Shared.Next(all.Length);
        var second = Random.Shared.Next(all.Length - 1);
        if (second >= first) { second++; }
        var (one, other) = (all[first], all[second]);
        if (ReferenceEquals(one, avoid)) { return other; }
        return ReferenceEquals(other, avoid) || one.InFlight <= other.InFlight ? one : other;
    }

    /// <summary>The instance with this tag, while it is there; any where it is not.</summary>
    public Destination? FindByTag(string service, string? tag) =>
        (tag is not null && _byService.TryGetValue(service, out var all) ? Array.Find(all, destination => destination.Tag == tag) : null) ?? Choose(service);

    /// <summary>How many instances there are.</summary>
    public int Count(string service) => _byService.TryGetValue(service, out var all) ? all.Length : 0;

    public void Dispose() => _subscription.Dispose();

    private void Build()
    {
        lock (_building)
        {
            var before = _byService;
            _byService = _registry.Apps.ToFrozenDictionary(
                service => service,
                service => _registry.Instances(service).Select(instance => Kept(before, service, instance)).ToArray(),
                StringComparer.Ordinal);
        }
    }

    private static Destination Kept(FrozenDictionary<string, Destination[]> before, string service, ServiceInstance instance) =>
        (before.TryGetValue(service, out var known) ? Array.Find(known, destination => destination.Instance.Equals(instance)) : null) ?? new Destination(instance);
}
