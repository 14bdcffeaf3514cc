using System.Collections.Concurrent;

namespace FirstCome.Gateway.Limits;

/// <summary>
/// So many events a second for each key, with a burst: the generic cell rate algorithm, which is a token bucket that keeps one number a key and needs no timer (the framework's token buckets are visited
/// one by one ten times a second, which a crowd of two hundred thousand makes expensive). Bounded: when the younger half of the keys is full the older half is forgotten, and those start anew with a full burst.
/// </summary>
internal sealed class Rates<TKey> where TKey : notnull
{
    private readonly TimeProvider _time;
    private volatile Pace _pace;
    private readonly int _half;
    private readonly Lock _turning = new();
    private volatile Halves _halves = new(new(), new());
    private int _younger;

    /// <param name="perSecond">Events a second in the long run.</param>
    /// <param name="burst">Events at once.</param>
    /// <param name="keysMax">Keys remembered at a time, 2 or more.</param>
    public Rates(TimeProvider time, double perSecond, int burst, int keysMax)
    {
        _time = time;
        _pace = PaceOf(perSecond, burst);
        _half = keysMax / 2;
    }

    /// <summary>Another rate from now on; what was counted stays counted.</summary>
    public void Change(double perSecond, int burst) => _pace = PaceOf(perSecond, burst);

    /// <summary>How many keys are remembered now.</summary>
    public int Count => _halves.Younger.Count + _halves.Older.Count;

    /// <summary>Counts an event. False, and how long to wait, where it is one too many; such an event is not counted.</summary>
    public bool TryTake(TKey key, out TimeSpan wait)
    {
        var now = _time.GetTimestamp();
        var pace = _pace;
        var next = NextOf(key);
        while (true)
        {
            // The instant at which the bucket would be full again.
            var full = Volatile.Read(ref next.Full);
            var start = Math.Max(full, now);
            if (start - now > pace.Tolerance) { wait = _time.GetElapsedTime(now, start - pace.Tolerance); return false; }
            if (Interlocked.CompareExchange(ref next.Full, start + pace.TicksPerEvent, full) == full) { wait = TimeSpan.Zero; return true; }
        }
    }

    /// <summary>Whether an event would be too many; nothing is counted.</summary>
    public bool IsExhausted(TKey key, out TimeSpan wait)
    {
        var now = _time.GetTimestamp();
        var tolerance = _pace.Tolerance;
        var halves = _halves;
        wait = TimeSpan.Zero;
        if (!halves.Younger.TryGetValue(key, out var next) && !halves.Older.TryGetValue(key, out next)) { return false; }
        var full = Volatile.Read(ref next.Full);
        if (full - now <= tolerance) { return false; }
        wait = _time.GetElapsedTime(now, full - tolerance);
        return true;
    }

    private Pace PaceOf(double perSecond, int burst)
    {
        var ticks = Math.Max(1, (long)(_time.TimestampFrequency / perSecond));
        return new Pace(ticks, ticks * (burst - 1));
    }

    private Cell NextOf(TKey key)
    {
        var halves = _halves;
        if (halves.Younger.TryGetValue(key, out var cell)) { return cell; }
        cell = halves.Older.TryGetValue(key, out var older) ? older : new Cell();
        var kept = halves.Younger.GetOrAdd(key, cell);
        if (ReferenceEquals(kept, cell) && Interlocked.Increment(ref _younger) >= _half) { Turn(halves); }
        return kept;
    }

    private void Turn(Halves full)
    {
        lock (_turning)
        {
            if (!ReferenceEquals(_halves, full)) { return; }
            _halves = new Halves(new(), full.Younger);
            Volatile.Write(ref _younger, 0);
        }
    }

    private sealed class Cell
    {
        public long Full;
    }

    private sealed record Pace(long TicksPerEvent, long Tolerance);

    private sealed record Halves(ConcurrentDictionary<TKey, Cell> Younger, ConcurrentDictionary<TKey, Cell> Older);
}
