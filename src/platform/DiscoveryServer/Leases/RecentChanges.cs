using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Leases;

/// <summary>
/// What deltas tell: the last change of each instance that changed lately. The oldest gives way beyond the bound; a client that misses it
/// sees another hash, or has been away so long that it fetches in full.
/// </summary>
internal sealed class RecentChanges(int capacity)
{
    private readonly LinkedList<Change> _byTime = [];
    private readonly Dictionary<(string App, string Id), LinkedListNode<Change>> _byInstance = [];

    public void Add((string App, string Id) key, InstanceInfo instance, long now)
    {
        if (_byInstance.Remove(key, out var earlier)) _byTime.Remove(earlier);
        _byInstance[key] = _byTime.AddLast(new Change(key, instance, now));
        if (_byInstance.Count > capacity) RemoveOldest();
    }

    /// <summary>Forgets changes made before then; false where there was none.</summary>
    public bool Purge(long before)
    {
        var count = _byInstance.Count;
        while (_byTime.First is { } oldest && oldest.Value.At < before) RemoveOldest();
        return _byInstance.Count < count;
    }

    public InstanceInfo[] ToArray() => [.. _byTime.Select(change => change.Instance)];

    private void RemoveOldest()
    {
        _byInstance.Remove(_byTime.First!.Value.Key);
        _byTime.RemoveFirst();
    }

    private readonly record struct Change((string App, string Id) Key, InstanceInfo Instance, long At);
}
