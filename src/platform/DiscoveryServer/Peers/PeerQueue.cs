namespace FirstCome.DiscoveryServer.Peers;

/// <summary>What has yet to be told of an instance, in the order in which it is told.</summary>
[Flags]
internal enum PendingChanges
{
    None = 0,
    Cancel = 1,
    Status = 2,
    Register = 4,
    Heartbeat = 8,
}

/// <param name="Changes">What is due.</param>
/// <param name="CancelledDirtyTimestamp">
/// The last change of the instance that was cancelled; the other changes are told as they stand when they are sent.
/// </param>
internal readonly record struct Pending(PendingChanges Changes, long? CancelledDirtyTimestamp = null)
{
    /// <summary>Both, one after the other. After a cancellation nothing counts that was before it.</summary>
    public Pending Then(Pending later) => later.Changes.HasFlag(PendingChanges.Cancel) ? later : this with { Changes = Changes | later.Changes };
}

/// <summary>
/// What one peer has not been told yet: one entry for each instance, however long the peer is away. The oldest give way beyond the bound; a live
/// instance comes again with its next heartbeat, a dead one's lease runs out.
/// </summary>
internal sealed class PeerQueue(int capacity) : IDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<(string App, string Id), Pending> _pending = [];
    private readonly Queue<(string App, string Id)> _order = [];
    private readonly SemaphoreSlim _filled = new(0, 1);

    public int Count
    {
        get
        {
            lock (_lock) return _pending.Count;
        }
    }

    public void Add((string App, string Id) key, Pending change)
    {
        lock (_lock) Merge(key, _pending.TryGetValue(key, out var earlier) ? earlier.Then(change) : change);
    }

    /// <summary>Gives back what could not be told; what has come since counts as later.</summary>
    public void Return(IEnumerable<KeyValuePair<(string App, string Id), Pending>> untold)
    {
        lock (_lock)
        {
            foreach (var (key, change) in untold) Merge(key, _pending.TryGetValue(key, out var later) ? change.Then(later) : change);
        }
    }

    /// <summary>Takes out the oldest entries, up to so many.</summary>
    public List<KeyValuePair<(string App, string Id), Pending>> Take(int most)
    {
        lock (_lock)
        {
            var taken = new List<KeyValuePair<(string App, string Id), Pending>>(Math.Min(most, _order.Count));
            while (taken.Count < most && _order.TryDequeue(out var key))
            {
                if (_pending.Remove(key, out var change)) taken.Add(new(key, change));
            }

            Signal();
            return taken;
        }
    }

    /// <summary>Until there is something to take.</summary>
    public Task WaitAsync(CancellationToken cancellation) => _filled.WaitAsync(cancellation);

    public void Dispose() => _filled.Dispose();

    private void Merge((string App, string Id) key, Pending change)
    {
        if (!_pending.ContainsKey(key))
        {
            _order.Enqueue(key);
            if (_order.Count > capacity) _pending.Remove(_order.Dequeue());
        }

        _pending[key] = change;
        Signal();
    }

    private void Signal()
    {
        if (_pending.Count > 0 && _filled.CurrentCount == 0) _filled.Release();
    }
}
