using System.Collections.Frozen;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace FirstCome.Eureka;

/// <summary>
/// The instances that can be called now, as far as this process knows. It answers from memory, at any time and from any thread; with the
/// registry away it goes on answering what it knew last.
/// </summary>
public sealed class EurekaRegistry : IDisposable
{
    private readonly Lock _lock = new();
    private readonly TimeSpan _quarantineDuration;
    private readonly TimeProvider _time;
    private readonly ILogger<EurekaRegistry> _logger;
    private readonly ITimer _deadline;

    // What the server says, exactly: deltas and the hash are worked out on it.
    private readonly Dictionary<InstanceKey, InstanceInfo> _known = [];

    // What a full fetch no longer showed though nobody said it was deleted: a registry that has restarted is empty until its clients come back.
    // Until timestamps of the time provider, as those below: they go on evenly while somebody sets the clock.
    private readonly Dictionary<InstanceKey, (InstanceInfo Instance, long Until)> _retained = [];
    private readonly Dictionary<InstanceKey, long> _quarantined = [];

    private volatile FrozenDictionary<string, ServiceInstance[]> _callable = FrozenDictionary<string, ServiceInstance[]>.Empty;
    private volatile RegistryState _state = new(false, null, null);
    private CancellationTokenSource _changed = new();
    private bool _fromDisk = true;

    internal EurekaRegistry(IOptions<EurekaClientOptions> options, TimeProvider time, ILogger<EurekaRegistry> logger)
    {
        _quarantineDuration = options.Value.QuarantineDuration;
        _time = time;
        _logger = logger;
        _deadline = time.CreateTimer(_ => Update(static () => { }), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Raised when somebody asks for a service of which no instance is known.</summary>
    internal event Action? Missed;

    /// <summary>Whether the registry answers.</summary>
    public RegistryState State => _state;

    /// <summary>The services of which an instance is UP.</summary>
    public IReadOnlyCollection<string> Apps => _callable.Keys;

    /// <summary>
    /// The instances of a service that are UP and not avoided, in a stable order; none where the service is unknown.
    /// The service's id is compared without case.
    /// </summary>
    public IReadOnlyList<ServiceInstance> Instances(string app)
    {
        if (_callable.TryGetValue(app, out var instances)) return instances;
        Missed?.Invoke();
        return [];
    }

    /// <summary>A token that fires once, when what <see cref="Instances"/> answers changes. Take the token first, then the instances.</summary>
    public IChangeToken GetChangeToken()
    {
        lock (_lock) return new CancellationChangeToken(_changed.Token);
    }

    /// <summary>
    /// Says that a call found the instance dead. It is avoided for <see cref="EurekaClientOptions.QuarantineDuration"/>, unless no other
    /// instance of its service remains.
    /// </summary>
    public void ReportFailure(ServiceInstance instance)
    {
        ArgumentNullException.ThrowIfNull(instance);
        var key = InstanceKey.Of(instance.App, instance.InstanceId);
        var isNew = false;
        Update(() =>
        {
            if (!_known.ContainsKey(key) && !_retained.ContainsKey(key)) return;
            isNew = _quarantined.TryAdd(key, default);
            _quarantined[key] = In(_quarantineDuration);
        });
        if (isNew) EurekaLog.Quarantined(_logger, instance.App, instance.InstanceId);
    }

    public void Dispose()
    {
        _deadline.Dispose();
        _changed.Dispose();
    }

    /// <summary>Another object whenever what can be called has changed.</summary>
    internal object Revision => _callable;

    /// <summary>What the server holds by our reckoning.</summary>
    internal IReadOnlyList<InstanceInfo> Known()
    {
        lock (_lock) return [.. _known.Values];
    }

    /// <summary>Starts with what an earlier process was told. It is dropped as soon as a server answers.</summary>
    internal void Restore(Applications kept) => Update(() =>
    {
        foreach (var instance in kept.Instances) Put(instance);
    });

    /// <summary>Takes a full fetch. Instances that are missing without having been deleted stay callable for two of their renewal intervals.</summary>
    internal void Replace(Applications full) => Update(() =>
    {
        var before = _fromDisk ? [] : _known.ToArray();
        _fromDisk = false;
        _known.Clear();
        foreach (var instance in full.Instances) Put(instance);
        foreach (var (key, instance) in before)
        {
            var grace = TimeSpan.FromSeconds(2 * (instance.Lease ?? new LeaseInfo()).RenewalIntervalInSeconds);
            if (!_known.ContainsKey(key)) _retained.TryAdd(key, (instance, In(grace)));
        }
    });

    /// <summary>Takes a delta; false where the result is not what the server holds, and a full fetch is due.</summary>
    internal bool Apply(Applications delta)
    {
        var agrees = false;
        Update(() =>
        {
            foreach (var instance in delta.Instances)
            {
                if (instance.Action == InstanceAction.Deleted) Remove(instance);
                else Put(instance);
            }

            agrees = RegistryHashCode.Of(_known.Values) == delta.HashCode;
        });
        return agrees;
    }

    internal void Answered(bool fetched)
    {
        lock (_lock) _state = _state with { Reachable = true, LastError = null, LastFetchedAt = fetched ? _time.GetUtcNow() : _state.LastFetchedAt };
    }

    internal void Failed(string reason)
    {
        lock (_lock) _state = _state with { Reachable = false, LastError = reason };
    }

    internal void Registered(bool registered)
    {
        lock (_lock) _state = _state with { Registered = registered };
    }

    private void Put(InstanceInfo instance)
    {
        if (InstanceKey.Of(instance) is not { } key) return;
        _known[key] = instance;
        _retained.Remove(key);
    }

    private void Remove(InstanceInfo instance)
    {
        if (InstanceKey.Of(instance) is not { } key) return;
        _known.Remove(key);
        _retained.Remove(key);
    }

    /// <summary>Changes what is known and, where that changes what can be called, tells the listeners, outside the lock.</summary>
    private void Update(Action change)
    {
        CancellationTokenSource? stale = null;
        lock (_lock)
        {
            change();
            DropExpired();
            var callable = Callable();
            if (!Same(callable, _callable))
            {
                _callable = callable;
                stale = _changed;
                _changed = new CancellationTokenSource();
            }
        }

        if (stale is null) return;
        try
        {
            stale.Cancel();
        }
        catch (AggregateException failure)
        {
            EurekaLog.ListenerFailed(_logger, failure);
        }
    }

    private void DropExpired()
    {
        var now = _time.GetTimestamp();
        foreach (var (key, until) in _quarantined)
        {
            if (until <= now || (!_known.ContainsKey(key) && !_retained.ContainsKey(key))) _quarantined.Remove(key);
        }

        foreach (var (key, (_, until)) in _retained)
        {
            if (until <= now) _retained.Remove(key);
        }

        var next = _quarantined.Values.Concat(_retained.Values.Select(retained => retained.Until)).DefaultIfEmpty(long.MaxValue).Min();
        // A timer counts whole milliseconds: one more, lest it comes before its time.
        var wait = next == long.MaxValue ? Timeout.InfiniteTimeSpan : _time.GetElapsedTime(now, next) + TimeSpan.FromMilliseconds(1);
        _deadline.Change(wait, Timeout.InfiniteTimeSpan);
    }

    private long In(TimeSpan duration) => _time.GetTimestamp() + (long)(duration.TotalSeconds * _time.TimestampFrequency);

    private FrozenDictionary<string, ServiceInstance[]> Callable() =>
        _known.Values.Concat(_retained.Values.Select(retained => retained.Instance))
            .Where(instance => instance.Status == InstanceStatus.Up)
            .Select(ServiceInstance.From)
            .OfType<ServiceInstance>()
            .GroupBy(instance => instance.App, StringComparer.OrdinalIgnoreCase)
            .ToFrozenDictionary(service => service.Key, WithoutQuarantined, StringComparer.OrdinalIgnoreCase);

    private ServiceInstance[] WithoutQuarantined(IEnumerable<ServiceInstance> service)
    {
        ServiceInstance[] all = [.. service.OrderBy(instance => instance.InstanceId, StringComparer.Ordinal)];
        ServiceInstance[] healthy = [.. all.Where(instance => !_quarantined.ContainsKey(InstanceKey.Of(instance.App, instance.InstanceId)))];
        return healthy.Length > 0 ? healthy : all;
    }

    private static bool Same(FrozenDictionary<string, ServiceInstance[]> one, FrozenDictionary<string, ServiceInstance[]> other) =>
        one.Count == other.Count && one.All(service => other.TryGetValue(service.Key, out var instances) && instances.SequenceEqual(service.Value));

    private readonly record struct InstanceKey(string App, string Id)
    {
        public static InstanceKey Of(string app, string id) => new(app.ToUpperInvariant(), id);

        public static InstanceKey? Of(InstanceInfo instance) =>
            instance.App is { } app && (instance.InstanceId ?? instance.HostName) is { } id ? Of(app, id) : null;
    }
}
