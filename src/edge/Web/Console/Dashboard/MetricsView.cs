namespace FirstCome.Web.Console.Dashboard;

internal sealed record SeriesView(string Name, string Unit, IReadOnlyDictionary<string, string> Labels, IReadOnlyList<double?> Values);

/// <summary><c>GET /api/operations/metrics</c>.</summary>
internal sealed record MetricsView(DateTimeOffset From, DateTimeOffset To, TimeSpan Step, IReadOnlyList<SeriesView> Series)
{
    private const int NowValues = 3;

    /// <summary>The series of a name that carry a label's value, where one is given, summed (or the highest) at each moment; null where none of them is known.</summary>
    public double?[] Line(string name, string? label = null, string? value = null, bool highest = false)
    {
        var series = Series.Where(each => each.Name == name && (label is null || each.Labels.GetValueOrDefault(label) == value)).ToList();
        var length = series.Count == 0 ? 0 : series.Max(each => each.Values.Count);
        return [.. Enumerable.Range(0, length).Select(i => FoldKnown(series.Select(each => i < each.Values.Count ? each.Values[i] : null), highest))];
    }

    /// <summary>
    /// The first moment of which anything is known: what was before it nobody has seen, and it is no zero. The number of moments where nothing is known at all.
    /// </summary>
    public int KnownFrom => Series.Select(each => FirstKnown(each.Values)).DefaultIfEmpty(0).Min();

    /// <summary>When a value stands.</summary>
    public DateTimeOffset At(int index) => From + (Step * index);

    /// <summary>The last value that is known, of the last few moments; null where there is none.</summary>
    public double? Now(string name, bool highest = false)
    {
        var last = Series.Where(each => each.Name == name).Select(each => each.Values.TakeLast(NowValues).LastOrDefault(value => value is not null)).OfType<double>().ToList();
        return last.Count == 0 ? null : Fold(last, highest);
    }

    /// <summary>For each value of a label the last moment at which a series of that name was above zero; a value that never was stands not here.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> LastAboveZero(string name, string label)
    {
        var last = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var series in Series.Where(each => each.Name == name))
        {
            var index = series.Values.Count - 1;
            while (index >= 0 && series.Values[index] is not > 0) { index--; }
            if (index < 0) { continue; }
            var (key, at) = (series.Labels.GetValueOrDefault(label, ""), At(index));
            if (!last.TryGetValue(key, out var known) || known < at) { last[key] = at; }
        }
        return last;
    }

    /// <summary>What a count added up to within the window, by the values of a label.</summary>
    public IReadOnlyDictionary<string, double> Totals(string name, string label) => Series.Where(each => each.Name == name && each.Labels.ContainsKey(label))
        .GroupBy(each => each.Labels[label]).ToDictionary(same => same.Key, same => same.Sum(each => each.Values.Sum(value => value ?? 0)));

    /// <summary>At most so many points, each the highest of those it stands for: a short peak stays visible. Where none of them is known the point is not either.</summary>
    public static double?[] Thin(double?[] values, int pointsMax)
    {
        if (values.Length <= pointsMax) { return values; }
        var size = (values.Length + pointsMax - 1) / pointsMax;
        return [.. values.Chunk(size).Select(chunk => chunk.Max())];
    }

    private static int FirstKnown(IReadOnlyList<double?> values)
    {
        var index = 0;
        while (index < values.Count && values[index] is null) { index++; }
        return index;
    }

    private static double? FoldKnown(IEnumerable<double?> values, bool highest)
    {
        var known = values.OfType<double>().ToList();
        return known.Count == 0 ? null : Fold(known, highest);
    }

    private static double Fold(IEnumerable<double> values, bool highest) => highest ? values.DefaultIfEmpty(0).Max() : values.Sum();
}
