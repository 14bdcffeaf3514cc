using System.Globalization;

namespace FirstCome.CacheService.Metrics;

/// <summary>How a series comes from samples.</summary>
internal enum SeriesKind
{
    /// <summary>A counter's growth by the second, summed over instances.</summary>
    Rate,
    /// <summary>A counter's growth since the round before, summed over instances.</summary>
    Growth,
    /// <summary>A gauge's value, summed over instances.</summary>
    Gauge,
    /// <summary>A gauge's value, the highest of all instances.</summary>
    Highest,
    /// <summary>A percentile of what a histogram has counted since the round before, all instances together.</summary>
    Percentile,
    /// <summary>The mean of what a histogram has counted since the round before, all instances together.</summary>
    Mean,
}

/// <summary>One documented series of the console.</summary>
/// <param name="Name">Its name in the answer.</param>
/// <param name="Unit">UCUM: <c>1/s</c>, <c>s</c>, <c>By</c>, <c>1</c>.</param>
/// <param name="Service">Whose instances are asked; null: every service's, told apart by the label <c>service</c>.</param>
/// <param name="Metric">The name on the metrics page; for a percentile or a mean that of the histogram, without <c>_bucket</c>, <c>_sum</c> or <c>_count</c>.</param>
/// <param name="By">The labels that stay; over all others it is summed.</param>
/// <param name="Percentile">For <see cref="SeriesKind.Percentile"/>: 0 to 1.</param>
internal sealed record SeriesDefinition(string Name, string Unit, string? Service, string Metric, SeriesKind Kind, IReadOnlyList<string> By, double Percentile = 0)
{
    /// <summary>The samples that count; null: all.</summary>
    public Func<MetricSample, bool>? Only { get; init; }

    /// <summary>The samples that it is made of; of a mean first the sum, then the count.</summary>
    public IReadOnlyList<string> SampleNames { get; } = Kind switch
    {
        SeriesKind.Percentile => [Metric + "_bucket"],
        SeriesKind.Mean => [Metric + "_sum", Metric + "_count"],
        _ => [Metric],
    };
}

/// <summary>What one instance told in one round.</summary>
internal sealed record Scrape(string Service, string Instance, DateTimeOffset At, IReadOnlyList<MetricSample> Samples);

/// <summary>
/// Makes points of a round of scrapes and the one before. A counter that went down began anew at zero; an instance seen for the first time adds nothing to
/// a rate yet. Not for several callers at once.
/// </summary>
internal sealed class SeriesDerivation(IReadOnlyList<SeriesDefinition> definitions)
{
    private static readonly TimeSpan s_forgetAfter = TimeSpan.FromMinutes(1);

    private Dictionary<(string Service, string Instance), Reading> _previous = [];

    public List<(SeriesName Name, double Value)> Derive(IReadOnlyList<Scrape> round)
    {
        var readings = round.Select(scrape => new Reading(scrape)).ToDictionary(reading => (reading.Scrape.Service, reading.Scrape.Instance));
        var points = new List<(SeriesName, double)>();
        foreach (var definition in definitions) { Derive(definition, readings.Values, points); }
        Keep(readings);
        return points;
    }

    private void Derive(SeriesDefinition definition, IEnumerable<Reading> readings, List<(SeriesName, double)> points)
    {
        var values = new Dictionary<string, double>();
        var means = new Dictionary<string, (double Sum, double Count)>();
        var buckets = new Dictionary<string, SortedDictionary<double, double>>();
        foreach (var reading in readings.Where(reading => definition.Service is null || reading.Scrape.Service == definition.Service))
        {
            _previous.TryGetValue((reading.Scrape.Service, reading.Scrape.Instance), out var before);
            foreach (var sample in reading.Scrape.Samples)
            {
                if (!definition.SampleNames.Contains(sample.Name) || !double.IsFinite(sample.Value) || definition.Only?.Invoke(sample) == false) { continue; }
                var labels = Labels(definition, reading.Scrape.Service, sample);
                switch (definition.Kind)
                {
                    case SeriesKind.Gauge:
                        values[labels] = values.GetValueOrDefault(labels) + sample.Value;
                        break;
                    case SeriesKind.Highest:
                        values[labels] = Math.Max(values.GetValueOrDefault(labels, double.MinValue), sample.Value);
                        break;
                    case SeriesKind.Rate when before is not null:
                        values[labels] = values.GetValueOrDefault(labels) + (before.GrowthTo(sample) / reading.SecondsSince(before));
                        break;
                    case SeriesKind.Growth when before is not null:
                        values[labels] = values.GetValueOrDefault(labels) + before.GrowthTo(sample);
                        break;
                    case SeriesKind.Percentile when before is not null && TryReadBound(sample, out var bound):
                        if (!buckets.TryGetValue(labels, out var histogram)) { buckets.Add(labels, histogram = []); }
                        histogram[bound] = histogram.GetValueOrDefault(bound) + before.GrowthTo(sample);
                        break;
                    case SeriesKind.Mean when before is not null:
                        var (sum, count) = means.GetValueOrDefault(labels);
                        means[labels] = sample.Name == definition.SampleNames[0] ? (sum + before.GrowthTo(sample), count) : (sum, count + before.GrowthTo(sample));
                        break;
                    default:
                        break;
                }
            }
        }
        var coarsening = definition.Kind switch { SeriesKind.Percentile or SeriesKind.Highest => Coarsening.Highest, SeriesKind.Growth => Coarsening.Sum, _ => Coarsening.Mean };
        points.AddRange(values.Select(value => (new SeriesName(definition.Name, definition.Unit, value.Key, coarsening), value.Value)));
        points.AddRange(means.Where(mean => mean.Value.Count > 0).Select(mean => (new SeriesName(definition.Name, definition.Unit, mean.Key, coarsening), mean.Value.Sum / mean.Value.Count)));
        foreach (var (labels, histogram) in buckets)
        {
            if (PercentileOf(histogram, definition.Percentile) is { } value) { points.Add((new(definition.Name, definition.Unit, labels, coarsening), value)); }
        }
    }

    /// <summary>
    /// A percentile of cumulative buckets, linear within its bucket as Prometheus does it; null where nothing was counted. What lies above the last finite bound
    /// is told as that bound.
    /// </summary>
    internal static double? PercentileOf(SortedDictionary<double, double> cumulative, double percentile)
    {
        if (cumulative.Count == 0 || cumulative.Last().Value is var total && total <= 0) { return null; }
        var rank = percentile * cumulative.Last().Value;
        double lowerBound = 0, lowerCount = 0;
        foreach (var (bound, count) in cumulative)
        {
            if (count >= rank)
            {
                if (double.IsPositiveInfinity(bound)) { return lowerBound; }
                return count > lowerCount ? lowerBound + ((bound - lowerBound) * (rank - lowerCount) / (count - lowerCount)) : bound;
            }
            (lowerBound, lowerCount) = (bound, count);
        }
        return lowerBound;
    }

    private static bool TryReadBound(MetricSample sample, out double bound)
    {
        var text = sample.Label("le");
        bound = double.PositiveInfinity;
        return text == "+Inf" || double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out bound);
    }

    private static string Labels(SeriesDefinition definition, string service, MetricSample sample)
    {
        var labels = definition.By.Select(name => (name, sample.Label(name) ?? ""));
        return SeriesName.Pack(definition.Service is null ? labels.Prepend(("service", service)) : labels);
    }

    // An instance that missed a round or two goes on from what it told last.
    private void Keep(Dictionary<(string, string), Reading> readings)
    {
        var newest = readings.Count == 0 ? DateTimeOffset.MinValue : readings.Values.Max(reading => reading.Scrape.At);
        foreach (var (instance, reading) in _previous)
        {
            if (newest - reading.Scrape.At < s_forgetAfter) { readings.TryAdd(instance, reading); }
        }
        _previous = readings;
    }

    private sealed class Reading(Scrape scrape)
    {
        private readonly Dictionary<string, double> _values = scrape.Samples
            .GroupBy(Identity).ToDictionary(same => same.Key, same => same.Last().Value);

        public Scrape Scrape => scrape;

        public double SecondsSince(Reading before) => Math.Max((scrape.At - before.Scrape.At).TotalSeconds, 0.001);

        public double GrowthTo(MetricSample sample)
        {
            var last = _values.GetValueOrDefault(Identity(sample));
            return sample.Value >= last ? sample.Value - last : sample.Value;
        }

        private static string Identity(MetricSample sample) =>
            $"{sample.Name}{{{string.Join(',', sample.Labels.Select(label => $"{label.Key}={label.Value}"))}}}";
    }
}
