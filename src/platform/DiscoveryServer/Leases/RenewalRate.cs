namespace FirstCome.DiscoveryServer.Leases;

/// <summary>Heartbeats of the sixty seconds before the present one, in buckets of a second.</summary>
internal sealed class RenewalRate
{
    private const int Seconds = 60;

    // One more than is summed: the second that is still filling.
    private readonly int[] _counts = new int[Seconds + 1];
    private long _second;

    public void Add(long nowMs)
    {
        Advance(nowMs);
        _counts[_second % _counts.Length]++;
    }

    public int LastMinute(long nowMs)
    {
        Advance(nowMs);
        return _counts.Sum() - _counts[_second % _counts.Length];
    }

    private void Advance(long nowMs)
    {
        var second = nowMs / 1000;
        // A clock set back does not undo what was counted.
        for (var cleared = 0; _second < second && cleared < _counts.Length; cleared++) _counts[++_second % _counts.Length] = 0;
        _second = Math.Max(_second, second);
    }
}
