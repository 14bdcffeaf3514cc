using System.Diagnostics.CodeAnalysis;

namespace FirstCome.CacheService.Caching;

/// <summary>A map of at most <paramref name="capacity"/> entries: the least recently used one makes room. Safe from any thread.</summary>
internal sealed class BoundedMap<TKey, TValue>(int capacity) where TKey : notnull
{
    private readonly Lock _lock = new();
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _entries = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _byUse = [];

    public int Count
    {
        get { lock (_lock) { return _entries.Count; } }
    }

    public bool TryGet(TKey key, [MaybeNullWhen(false)] out TValue value)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(key, out var entry))
            {
                value = default;
                return false;
            }
            Use(entry);
            value = entry.Value.Value;
            return true;
        }
    }

    /// <summary>
    /// Puts what <paramref name="change"/> makes of the present value (or of its absence), as one step, and returns it. <paramref name="change"/> runs under the lock.
    /// </summary>
    public TValue Put(TKey key, Func<TValue?, TValue> change)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var entry))
            {
                entry.Value = (key, change(entry.Value.Value));
                Use(entry);
                return entry.Value.Value;
            }
            if (_entries.Count >= capacity) { Remove(_byUse.Last!); }
            entry = _byUse.AddFirst((key, change(default)));
            _entries.Add(key, entry);
            return entry.Value.Value;
        }
    }

    public void Remove(TKey key)
    {
        lock (_lock)
        {
            if (_entries.TryGetValue(key, out var entry)) { Remove(entry); }
        }
    }

    private void Use(LinkedListNode<(TKey Key, TValue Value)> entry)
    {
        if (entry == _byUse.First) { return; }
        _byUse.Remove(entry);
        _byUse.AddFirst(entry);
    }

    private void Remove(LinkedListNode<(TKey Key, TValue Value)> entry)
    {
        _byUse.Remove(entry);
        _entries.Remove(entry.Value.Key);
    }
}
