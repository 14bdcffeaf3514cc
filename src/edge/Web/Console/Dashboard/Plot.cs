namespace FirstCome.Web.Console.Dashboard;

/// <summary>A line of a chart.</summary>
/// <param name="Name">As its legend has it.</param>
/// <param name="Values">Null where nothing is known: the line has a gap there.</param>
internal sealed record PlotLine(string Name, IReadOnlyList<double?> Values);

/// <summary>A chart of the dashboard: its lines over one axis of time, from the first moment of which anything is known to now.</summary>
/// <param name="Labels">One for each value; most are empty, and the last tells when now is.</param>
internal sealed record Plot(string Title, string Unit, IReadOnlyList<PlotLine> Lines, IReadOnlyList<string> Labels)
{
    private const int PointsMax = 60, LabelsMax = 5, TicksMax = 4;

    /// <summary>The highest value of all lines; 0 where there is none.</summary>
    public double Highest => Lines.SelectMany(line => line.Values).Max() ?? 0;

    /// <summary>From one line of the grid to the next: 1, 2 or 5 and as many zeros, so that there are a few of them, whatever is measured.</summary>
    public int Tick
    {
        get
        {
            var tick = 1L;
            while (Highest / tick > TicksMax)
            {
                var power = (long)Math.Pow(10, Math.Floor(Math.Log10(tick)));
                tick = (tick / power) switch { 1 => 2 * power, 2 => 5 * power, _ => 10 * power };
            }
            return (int)Math.Min(tick, int.MaxValue);
        }
    }

    /// <summary>Whether there is enough for a line.</summary>
    public bool IsKnown => Lines.Any(line => line.Values.Count(value => value is not null) > 1);

    /// <summary>Makes a chart of lines as long as the window.</summary>
    /// <param name="clock">How a moment is told below the axis.</param>
    public static Plot Of(MetricsView metrics, string title, string unit, IEnumerable<(string Name, double?[] Values)> lines, Func<DateTimeOffset, string> clock)
    {
        var from = metrics.KnownFrom;
        var thinned = lines.Select(line => new PlotLine(line.Name, MetricsView.Thin(line.Values.Length > from ? line.Values[from..] : [], PointsMax))).ToList();
        var points = thinned.Count == 0 ? 0 : thinned.Max(line => line.Values.Count);
        return new(title, unit, thinned, LabelsOf(metrics.At(from), metrics.To, points, clock));
    }

    private static string[] LabelsOf(DateTimeOffset from, DateTimeOffset to, int points, Func<DateTimeOffset, string> clock)
    {
        var labels = Enumerable.Repeat("", points).ToArray();
        if (points == 0) { return labels; }
        var last = points - 1;
        // From the end backwards: now always has its label, and no other stands so near that both run into each other.
        var every = Math.Max(1, (points + LabelsMax - 2) / (LabelsMax - 1));
        var right = "";
        for (var i = last; i >= 0; i -= every)
        {
            // In a short window one minute has several of these moments, and is told once.
            var label = clock(last == 0 ? to : from + ((to - from) * i / last));
            if (label != right) { labels[i] = right = label; }
        }
        return labels;
    }
}
