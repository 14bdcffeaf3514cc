namespace FirstCome.CacheService.Metrics;

/// <summary>How finer points become a coarser one.</summary>
internal enum Coarsening
{
    /// <summary>For rates and values.</summary>
    Mean,
    /// <summary>Where a mean would say nothing: percentiles.</summary>
    Highest,
    /// <summary>For what was counted since the round before.</summary>
    Sum,
}

/// <summary>What a series is called and how finer points become a coarser one.</summary>
/// <param name="Labels">What tells series of one name apart, packed by <see cref="Pack"/>; empty where there is only one.</param>
internal sealed record SeriesName(string Name, string Unit, string Labels, Coarsening Coarsening)
{
    // No label of ours holds them.
    private const char BetweenLabels = '\u001F', BeforeValue = '\u001E';

    public static string Pack(IEnumerable<(string Name, string Value)> labels) => string.Join(BetweenLabels, labels.Select(label => label.Name + BeforeValue + label.Value));

    public IReadOnlyDictionary<string, string> ToLabels() => Labels.Length == 0
        ? new Dictionary<string, string>()
        : Labels.Split(BetweenLabels).Select(label => label.Split(BeforeValue, 2)).ToDictionary(label => label[0], label => label[1]);
}

/// <summary>A stretch of every series: <c>Values[i]</c> belongs to <c>From + i × Step</c>; null where nothing is known.</summary>
internal sealed record SeriesWindow(DateTimeOffset From, DateTimeOffset To, TimeSpan Step, IReadOnlyList<(SeriesName Name, double?[] Values)> Series);

/// <summary>
/// The last six hours of every series in bounded memory: 15 minutes by 5 s, an hour by 15 s, six hours by a minute. A coarser point is made of
/// the finer ones as the series' <see cref="Coarsening"/> says. At most <c>seriesMax</c> series; what comes on top is dropped.
/// </summary>
internal sealed class SeriesHistory(int seriesMax)
{
    public static readonly TimeSpan WindowMin = TimeSpan.FromMinutes(1), WindowMax = TimeSpan.FromHours(6);

    private static readonly (TimeSpan Step, int Slots)[] s_tiers =
    [
        (TimeSpan.FromSeconds(5), 181),
        (TimeSpan.FromSeconds(15), 241),
        (TimeSpan.FromMinutes(1), 361),
    ];

    private readonly Lock _lock = new();
    private readonly Dictionary<SeriesName, Points[]> _series = [];
    private readonly long[] _newest = [.. s_tiers.Select(_ => long.MinValue)];

    /// <summary>Adds what was derived from one round of scrapes. Rounds come in the order of time; one that is older than the last is left out.</summary>
    public void Add(DateTimeOffset at, IEnumerable<(SeriesName Name, double Value)> round)
    {
        lock (_lock)
        {
            for (var tier = 0; tier < s_tiers.Length; tier++)
            {
                if (!Advance(tier, Slot(tier, at))) { return; }
            }
            foreach (var (name, value) in round)
            {
                if (!double.IsFinite(value) || Of(name) is not { } points) { continue; }
                for (var tier = 0; tier < s_tiers.Length; tier++) { points[tier].Add(Index(tier, _newest[tier]), (float)value, name.Coarsening); }
            }
        }
    }

    /// <summary>The finest tier that covers <paramref name="window"/>, up to <paramref name="now"/>. Series without a single point in it are left out.</summary>
    public SeriesWindow Read(TimeSpan window, DateTimeOffset now)
    {
        var tier = Array.FindIndex(s_tiers, candidate => candidate.Step * (candidate.Slots - 1) >= window);
        if (tier < 0) { tier = s_tiers.Length - 1; }
        var step = s_tiers[tier].Step;
        var last = Slot(tier, now);
        var count = (int)(window / step);
        var first = last - count + 1;

        var series = new List<(SeriesName, double?[])>();
        lock (_lock)
        {
            foreach (var (name, points) in _series)
            {
                var values = new double?[count];
                for (var i = 0; i < count; i++)
                {
                    var slot = first + i;
                    var kept = slot <= _newest[tier] && slot > _newest[tier] - s_tiers[tier].Slots;
                    values[i] = kept ? points[tier].Value(Index(tier, slot)) : null;
                }
                if (values.Any(value => value is not null)) { series.Add((name, values)); }
            }
        }
        series.Sort((one, other) => string.CompareOrdinal(one.Item1.Name + one.Item1.Labels, other.Item1.Name + other.Item1.Labels));
        return new(Instant(tier, first), Instant(tier, last), step, series);
    }

    private Points[]? Of(SeriesName name)
    {
        if (_series.TryGetValue(name, out var points)) { return points; }
        if (_series.Count >= seriesMax) { return null; }
        points = [.. s_tiers.Select(tier => new Points(tier.Slots))];
        _series.Add(name, points);
        return points;
    }

    // Slots between the newest and the new one had no round: their points of an earlier lap are wiped.
    private bool Advance(int tier, long slot)
    {
        if (slot < _newest[tier]) { return false; }
        var from = Math.Max(_newest[tier] + 1, slot - s_tiers[tier].Slots + 1);
        for (var passed = from; passed <= slot; passed++)
        {
            foreach (var points in _series.Values) { points[tier].Clear(Index(tier, passed)); }
        }
        _newest[tier] = slot;
        return true;
    }

    private static long Slot(int tier, DateTimeOffset at) => at.ToUnixTimeMilliseconds() / (long)s_tiers[tier].Step.TotalMilliseconds;

    private static DateTimeOffset Instant(int tier, long slot) => DateTimeOffset.FromUnixTimeMilliseconds(slot * (long)s_tiers[tier].Step.TotalMilliseconds);

    private static int Index(int tier, long slot) => (int)(slot % s_tiers[tier].Slots);

    private readonly struct Points(int slots)
    {
        private readonly float[] _values = new float[slots];
        private readonly byte[] _counts = new byte[slots];

        public void Add(int index, float value, Coarsening coarsening)
        {
            if (_counts[index] == byte.MaxValue) { return; }
            _counts[index]++;
            if (_counts[index] == 1) { _values[index] = value; }
            else
            {
                _values[index] = coarsening switch
                {
                    Coarsening.Highest => Math.Max(_values[index], value),
                    Coarsening.Sum => _values[index] + value,
                    _ => _values[index] + ((value - _values[index]) / _counts[index]),
                };
            }
        }

        public double? Value(int index) => _counts[index] == 0 ? null : _values[index];

        public void Clear(int index) => _counts[index] = 0;
    }
}
