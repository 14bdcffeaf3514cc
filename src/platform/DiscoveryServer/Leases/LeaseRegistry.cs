using System.Collections.Immutable;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Leases;

/// <summary>
/// The registry: leases, and the changes of them that deltas tell. Its methods are atomic, take the time (Unix milliseconds) as an argument
/// and do nothing else than what they say, so that any sequence of them can be tried. The rules are those of the Netflix server; where they
/// differ, docs/protocols/eureka.md says why.
/// </summary>
internal sealed class LeaseRegistry(DiscoveryOptions options)
{
    private const long OverrideLifetimeMs = 60 * 60 * 1000;

    // So that no lease outlives its instance by more; also a bound on what the addition of times can reach.
    private const int LongestLeaseSeconds = 24 * 60 * 60;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string App, string Id), Lease> _leases = [];
    private readonly Dictionary<string, List<string>> _idsByApp = [];
    private readonly RecentChanges _changes = new(2 * options.MaxInstances);
    private readonly RenewalRate _renewals = new();
    private long _version = 1;

    /// <summary>Raised by whatever changes what is read of the whole registry. Heartbeats do not.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>
    /// Gives the instance a lease from now on. A stored instance that changed itself later stays; on equal times the new one is taken.
    /// <see cref="InstanceInfo.App"/> is in upper case and not null.
    /// </summary>
    public RegisterOutcome Register(InstanceInfo incoming, long now, bool replicated)
    {
        lock (_lock) return RegisterLocked(incoming, now, replicated);
    }

    /// <summary>A heartbeat.</summary>
    /// <param name="key">Application in upper case, and id.</param>
    /// <param name="dirtyTimestamp">When the instance says it changed itself last; null where it does not say.</param>
    /// <param name="now">The present.</param>
    /// <param name="replicated">Whether a peer passes it on.</param>
    public (RenewOutcome Outcome, InstanceInfo? Instance) Renew((string App, string Id) key, long? dirtyTimestamp, long now, bool replicated)
    {
        lock (_lock)
        {
            if (!_leases.TryGetValue(key, out var lease)) return (RenewOutcome.NoLease, null);
            if (lease.Instance.Status == InstanceStatus.Unknown) return (RenewOutcome.StatusUnknown, null);
            // An override lives on while what it overrides sends heartbeats.
            if (lease.Instance.Status is InstanceStatus.Up or InstanceStatus.OutOfService) _ = Override(lease, now);
            _renewals.Add(now);
            lease.RenewedAt = now;
            var stored = lease.Instance.LastDirtyTimestamp;
            if (dirtyTimestamp > stored) return (RenewOutcome.RegistrationIsOlder, null);
            return replicated && dirtyTimestamp < stored ? (RenewOutcome.RegistrationIsNewer, lease.Current()) : (RenewOutcome.Renewed, null);
        }
    }

    /// <summary>Ends the lease and answers what had it; null where there is none.</summary>
    /// <param name="key">Application in upper case, and id.</param>
    /// <param name="now">The present.</param>
    /// <param name="notChangedAfter">An instance that changed itself later is another one than is meant, and stays; null where any is meant.</param>
    public InstanceInfo? Cancel((string App, string Id) key, long now, long? notChangedAfter = null)
    {
        lock (_lock)
        {
            if (!_leases.TryGetValue(key, out var lease) || lease.Instance.LastDirtyTimestamp > notChangedAfter) return null;
            CancelLocked(key, now);
            return lease.Instance;
        }
    }

    /// <summary>Sets an operator's word above the instance's own; false where there is no lease.</summary>
    public bool OverrideStatus((string App, string Id) key, InstanceStatus status, long? dirtyTimestamp, long now)
    {
        lock (_lock)
        {
            if (!_leases.TryGetValue(key, out var lease)) return false;
            lease.RenewedAt = now;
            if (lease.Instance.Status == status) return true;
            lease.OverrideAccessedAt = now;
            Change(key, lease, lease.Instance with
            {
                Status = status,
                OverriddenStatus = status,
                Action = InstanceAction.Modified,
                LastDirtyTimestamp = Later(lease.Instance.LastDirtyTimestamp, dirtyTimestamp),
            }, now);
            return true;
        }
    }

    /// <summary>Takes the override away; the instance has this status until it says another. False where there is no lease.</summary>
    public bool RemoveOverride((string App, string Id) key, InstanceStatus status, long? dirtyTimestamp, long now)
    {
        lock (_lock)
        {
            if (!_leases.TryGetValue(key, out var lease)) return false;
            lease.RenewedAt = now;
            if (Override(lease, now) == InstanceStatus.Unknown) return true;
            Change(key, lease, lease.Instance with
            {
                Status = status,
                OverriddenStatus = InstanceStatus.Unknown,
                Action = InstanceAction.Modified,
                LastDirtyTimestamp = Later(lease.Instance.LastDirtyTimestamp, dirtyTimestamp),
            }, now);
            return true;
        }
    }

    /// <summary>Adds and replaces entries. It counts as a registration, and deltas tell it as one.</summary>
    public MetadataOutcome ChangeMetadata((string App, string Id) key, IEnumerable<KeyValuePair<string, string>> entries, long now)
    {
        lock (_lock)
        {
            if (!_leases.TryGetValue(key, out var lease)) return MetadataOutcome.NoLease;
            var metadata = lease.Instance.Metadata.SetItems(entries);
            if (!RegistrationLimits.Allow(metadata)) return MetadataOutcome.TooLarge;
            RegisterLocked(lease.Instance with { Metadata = metadata }, now, replicated: false);
            return MetadataOutcome.Changed;
        }
    }

    /// <summary>
    /// Ends leases that have run out, some at random where they are too many for one pass, none in self-preservation.
    /// </summary>
    /// <param name="now">The present.</param>
    /// <param name="lateness">How much later than planned this is: heartbeats may have been held up for as long.</param>
    /// <param name="random">Chooses the victims.</param>
    public EvictionOutcome Evict(long now, TimeSpan lateness, Random random)
    {
        lock (_lock)
        {
            var preservation = PreservationLocked(now);
            var expired = _leases.Where(lease => lease.Value.HasExpired(now, (long)lateness.TotalMilliseconds)).Select(lease => lease.Key).ToArray();
            if (preservation.IsPreserving) return new(0, expired.Length, preservation);
            var most = _leases.Count - (int)(_leases.Count * options.RenewalThreshold);
            random.Shuffle(expired);
            foreach (var key in expired.Take(most)) CancelLocked(key, now);
            return new(Math.Min(most, expired.Length), expired.Length, preservation);
        }
    }

    /// <summary>Whether so many heartbeats are missing that nothing is evicted.</summary>
    public Preservation Preservation(long now)
    {
        lock (_lock) return PreservationLocked(now);
    }

    /// <summary>Forgets changes that are too old for deltas.</summary>
    public void PurgeChanges(long now)
    {
        lock (_lock)
        {
            if (_changes.Purge(now - (long)options.ChangeRetention.TotalMilliseconds)) _version++;
        }
    }

    /// <summary>All instances and the recent changes, of one moment.</summary>
    public RegistrySnapshot Snapshot()
    {
        lock (_lock) return new(_version, [.. _leases.Values.Select(lease => lease.Instance)], _changes.ToArray());
    }

    public InstanceInfo? Find((string App, string Id) key)
    {
        lock (_lock) return _leases.TryGetValue(key, out var lease) ? lease.Current() : null;
    }

    /// <summary>The first instance of this id in any application.</summary>
    public InstanceInfo? FindById(string id)
    {
        lock (_lock)
        {
            foreach (var app in _idsByApp.Keys)
            {
                if (_leases.TryGetValue((app, id), out var lease)) return lease.Current();
            }

            return null;
        }
    }

    /// <summary>The instances of an application, whose name is in upper case; none where there is no such.</summary>
    public InstanceInfo[] Application(string app)
    {
        lock (_lock) return _idsByApp.TryGetValue(app, out var ids) ? [.. ids.Select(id => _leases[(app, id)].Current())] : [];
    }

    /// <summary>The instances that the condition chooses.</summary>
    public InstanceInfo[] Where(Func<InstanceInfo, bool> condition)
    {
        lock (_lock) return [.. _leases.Values.Where(lease => condition(lease.Instance)).Select(lease => lease.Current())];
    }

    private RegisterOutcome RegisterLocked(InstanceInfo incoming, long now, bool replicated)
    {
        var key = (incoming.App!, RegistrationLimits.IdOf(incoming));
        var existing = _leases.GetValueOrDefault(key);
        if (existing is null && _leases.Count >= options.MaxInstances) return RegisterOutcome.Full;

        incoming = incoming with { LastDirtyTimestamp = incoming.LastDirtyTimestamp ?? now };
        var instance = existing?.Instance.LastDirtyTimestamp > incoming.LastDirtyTimestamp ? existing.Instance : incoming;
        var overridden = existing is null ? InstanceStatus.Unknown : Override(existing, now);
        if (overridden == InstanceStatus.Unknown) overridden = instance.OverriddenStatus;
        var status = StatusRule.Decide(instance.Status, overridden, existing?.Instance.Status, replicated);

        var renewalSeconds = Math.Min(instance.Lease?.RenewalIntervalInSeconds ?? (int)options.DefaultRenewalInterval.TotalSeconds, LongestLeaseSeconds);
        var durationSeconds = Math.Min(instance.Lease?.DurationInSeconds ?? (int)options.DefaultLeaseDuration.TotalSeconds, LongestLeaseSeconds);
        var lease = new Lease(instance, durationSeconds * 1000L, 60.0 / renewalSeconds) { RenewedAt = now, OverrideAccessedAt = now };
        _leases[key] = lease;
        if (existing is null)
        {
            if (!_idsByApp.TryGetValue(key.Item1, out var ids)) _idsByApp[key.Item1] = ids = [];
            ids.Add(key.Item2);
        }

        var leaseInfo = new LeaseInfo
        {
            RenewalIntervalInSeconds = renewalSeconds,
            DurationInSeconds = durationSeconds,
            RegistrationTimestamp = now,
            ServiceUpTimestamp = existing?.Instance.Lease!.ServiceUpTimestamp ?? 0,
        };
        Change(key, lease, instance with { Status = status, OverriddenStatus = overridden, Lease = leaseInfo, Action = InstanceAction.Added }, now);
        return RegisterOutcome.Registered;
    }

    private void CancelLocked((string App, string Id) key, long now)
    {
        if (!_leases.Remove(key, out var lease)) return;
        var ids = _idsByApp[key.App];
        ids.Remove(key.Id);
        if (ids.Count == 0) _idsByApp.Remove(key.App);
        var leaseInfo = lease.Instance.Lease! with { EvictionTimestamp = now };
        Change(key, lease, lease.Instance with { Lease = leaseInfo, Action = InstanceAction.Deleted }, now);
    }

    /// <summary>The one place where what readers get is changed.</summary>
    private void Change((string App, string Id) key, Lease lease, InstanceInfo changed, long now)
    {
        var up = changed.Lease!.ServiceUpTimestamp == 0 && changed.Status == InstanceStatus.Up && changed.Action != InstanceAction.Deleted;
        var leaseInfo = changed.Lease with
        {
            LastRenewalTimestamp = lease.RenewedAt,
            ServiceUpTimestamp = up ? now : changed.Lease.ServiceUpTimestamp,
        };
        lease.Instance = changed with { Lease = leaseInfo, LastUpdatedTimestamp = now };
        _changes.Add(key, lease.Instance, now);
        _version++;
    }

    private static InstanceStatus Override(Lease lease, long now)
    {
        if (lease.Instance.OverriddenStatus == InstanceStatus.Unknown || now - lease.OverrideAccessedAt > OverrideLifetimeMs) return InstanceStatus.Unknown;
        lease.OverrideAccessedAt = now;
        return lease.Instance.OverriddenStatus;
    }

    private Preservation PreservationLocked(long now)
    {
        var expected = _leases.Values.Sum(lease => lease.RenewalsPerMinute);
        var received = _renewals.LastMinute(now);
        var isPreserving = options.SelfPreservation && _leases.Count > 0 && received <= expected * options.RenewalThreshold;
        return new(isPreserving, expected, received, _leases.Values.Count(lease => lease.HasExpired(now, latenessMs: 0)));
    }

    private static long? Later(long? stored, long? said) => said > stored ? said : stored;
}

internal enum RegisterOutcome
{
    Registered,

    /// <summary>The registry holds as many instances as it may.</summary>
    Full,
}

internal enum RenewOutcome
{
    Renewed,
    NoLease,

    /// <summary>The status is unknown; the instance must register to say it.</summary>
    StatusUnknown,

    /// <summary>The instance has changed since it registered; it must do so again.</summary>
    RegistrationIsOlder,

    /// <summary>A peer has an older instance than this server.</summary>
    RegistrationIsNewer,
}

internal enum MetadataOutcome
{
    Changed,
    NoLease,
    TooLarge,
}

/// <param name="IsPreserving">Whether nothing is evicted.</param>
/// <param name="ExpectedPerMinute">Heartbeats that the instances in the registry promised.</param>
/// <param name="ReceivedLastMinute">Heartbeats that came.</param>
/// <param name="Expired">Leases that have run out.</param>
internal readonly record struct Preservation(bool IsPreserving, double ExpectedPerMinute, int ReceivedLastMinute, int Expired)
{
    /// <summary>Whether there is somebody whom preservation keeps.</summary>
    public bool KeepsExpired => IsPreserving && Expired > 0;
}

internal readonly record struct EvictionOutcome(int Evicted, int Expired, Preservation Preservation);

internal sealed record RegistrySnapshot(long Version, InstanceInfo[] Instances, InstanceInfo[] Changes);
