namespace FirstCome.Web.Console.Dashboard;

internal sealed record SeriesView(string Name, string Unit, IReadOnlyDictionary<string, string> Labels, IReadOnlyList<double?> Values);

/// <summary><c>GET /api/operations/metrics</c>.</summary>
internal sealed record MetricsView(DateTimeOffset From, DateTimeOffset To, TimeSpan Step, IReadOnlyList<SeriesView> Series)
{
    private const int NowValues = 3;

    /// <summary>The series of a name that carry a label's value, where one is given, summed (or the highest) at each moment; 0 where nothing is known.</summary>
    public double[] Line(string name, string? label = null, string? value = null, bool highest = false)
    {
        var series = Series.Where(each => each.Name == name && (label is null || each.Labels.GetValueOrDefault(label) == value)).ToList();
        var length = series.Count == 0 ? 0 : series.Max(each => each.Values.Count);
        return [.. Enumerable.Range(0, length).Select(i => Fold(series.Select(each => i < each.Values.Count ? each.Values[i] ?? 0 : 0), highest))];
    }

    /// <summary>The last value that is known, of the last few moments; null where there is none.</summary>
    public double? Now(string name, bool highest = false)
    {
        var last = Series.Where(each => each.Name == name).Select(each => each.Values.TakeLast(NowValues).LastOrDefault(value => value is not null)).OfType<double>().ToList();
        return last.Count == 0 ? null : Fold(last, highest);
    }

    /// <summary>What a count added up to within the window, by the values of a label.</summary>
    public IReadOnlyDictionary<string, double> Totals(string name, string label) => Series.Where(each => each.Name == name && each.Labels.ContainsKey(label))
        .GroupBy(each => each.Labels[label]).ToDictionary(same => same.Key, same => same.Sum(each => each.Values.Sum(value => value ?? 0)));

    /// <summary>At most so many points, each the highest of those it stands for: a short peak stays visible.</summary>
    public static double[] Thin(double[] values, int pointsMax)
    {
        if (values.Length <= pointsMax) { return values; }
        var size = (values.Length + pointsMax - 1) / pointsMax;
        return [.. values.Chunk(size).Select(chunk => chunk.Max())];
    }

    private static double Fold(IEnumerable<double> values, bool highest) => highest ? values.DefaultIfEmpty(0).Max() : values.Sum();
}
