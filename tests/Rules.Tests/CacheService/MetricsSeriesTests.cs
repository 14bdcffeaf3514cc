using CsCheck;
using FirstCome.CacheService.Metrics;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class MetricsSeriesTests
{
    private static readonly DateTimeOffset s_start = new(2030, 1, 31, 9, 0, 0, TimeSpan.Zero);
    private static readonly SeriesName s_mean = new("mean", "1", "", Coarsening.Mean), s_highest = new("highest", "1", "", Coarsening.Highest), s_sum = new("sum", "1", "", Coarsening.Sum);

    private static List<MetricSample> Parse(string page) => PrometheusText.Parse(page, _ => true, 1_000);

    private static Scrape Scrape(string service, string instance, double atSeconds, string page) => new(service, instance, s_start.AddSeconds(atSeconds), Parse(page));

    private static List<(string Name, string Labels, double Value)> Derive(SeriesDerivation derivation, params Scrape[] round) =>
        [.. derivation.Derive(round).Select(point => (point.Name.Name, string.Join(' ', point.Name.ToLabels().Select(label => $"{label.Key}={label.Value}")), point.Value))];

    [Fact]
    public void A_metrics_page_is_read()
    {
        var samples = Parse("""
            # TYPE firstcome_claims_total counter
            # HELP firstcome_claims_total Claims by outcome.
            firstcome_claims_total{outcome="accepted",otel_scope_name="FirstCome.IssueService"} 17 1700000000000
            firstcome_claims_total{outcome="sold-out",} 1.5e3
            firstcome_worker_lag 0
            odd{path="C:\\temp",text="a \"b\"\nc",brace="}"} +Inf # {trace_id="1"} 3
            not_a_number NaN
            # EOF
            """);
        Assert.Equal(["firstcome_claims_total", "firstcome_claims_total", "firstcome_worker_lag", "odd", "not_a_number"], samples.Select(sample => sample.Name));
        Assert.Equal([17, 1_500, 0, double.PositiveInfinity, double.NaN], samples.Select(sample => sample.Value));
        Assert.Equal("sold-out", samples[1].Label("outcome"));
        Assert.Equal(["C:\\temp", "a \"b\"\nc", "}"], samples[3].Labels.Select(label => label.Value));
    }

    [Theory]
    [InlineData("open{a=\"b")]
    [InlineData("open{a=\"b\"")]
    [InlineData("open{a=b} 1")]
    [InlineData("open{a=\"b\" c=\"d\"} 1")]
    [InlineData("novalue")]
    [InlineData("novalue{} ")]
    [InlineData("text here")]
    [InlineData("{} 1")]
    public void An_odd_line_is_passed_over(string line) => Assert.Equal("next", Assert.Single(Parse(line + "\nnext 1")).Name);

    [Fact]
    public void Whatever_stands_on_a_page_reading_it_does_not_fail() =>
        Gen.String[Gen.Char["ab{}=\",\\ \n1.#"], 0, 80].Sample(page => Parse(page).Count <= page.Length);

    [Fact]
    public void A_page_is_read_up_to_a_bound() => Assert.Equal(10, PrometheusText.Parse(string.Concat(Enumerable.Repeat("a 1\n", 50)), _ => true, 10).Count);

    [Fact]
    public void A_rate_is_the_growth_of_all_instances_by_the_second()
    {
        var derivation = new SeriesDerivation([new("claims", "1/s", "issue-service", "claims_total", SeriesKind.Rate, ["outcome"])]);
        Assert.Empty(Derive(derivation, Scrape("issue-service", "a", 0, "claims_total{outcome=\"accepted\"} 100")));
        // b is new: what it counted before is not of these five seconds.
        Assert.Equal([("claims", "outcome=accepted", 10.0)], Derive(derivation,
            Scrape("issue-service", "a", 5, "claims_total{outcome=\"accepted\"} 150"), Scrape("issue-service", "b", 5, "claims_total{outcome=\"accepted\"} 1000")));
        Assert.Equal([("claims", "outcome=accepted", 4.0), ("claims", "outcome=sold-out", 1.0)], Derive(derivation,
            Scrape("issue-service", "a", 10, "claims_total{outcome=\"accepted\"} 160"), Scrape("issue-service", "b", 10, "claims_total{outcome=\"accepted\"} 1010\nclaims_total{outcome=\"sold-out\"} 5"),
            Scrape("another-service", "c", 10, "claims_total{outcome=\"accepted\"} 1")));
        // a has restarted and counts from zero; b missed the round and is not forgotten.
        Assert.Equal([("claims", "outcome=accepted", 2.0)], Derive(derivation, Scrape("issue-service", "a", 15, "claims_total{outcome=\"accepted\"} 10")));
        Assert.Equal([("claims", "outcome=accepted", 3.0)], Derive(derivation,
            Scrape("issue-service", "a", 20, "claims_total{outcome=\"accepted\"} 10"), Scrape("issue-service", "b", 20, "claims_total{outcome=\"accepted\"} 1040")));
    }

    [Fact]
    public void Gauges_are_summed_or_the_highest_is_taken()
    {
        var derivation = new SeriesDerivation([new("sum", "1", null, "gauge", SeriesKind.Gauge, []), new("highest", "1", "a", "gauge", SeriesKind.Highest, [])]);
        Assert.Equal([("sum", "service=a", 5.0), ("sum", "service=b", 7.0), ("highest", "", 3.0)],
            Derive(derivation, Scrape("a", "1", 0, "gauge 2"), Scrape("a", "2", 0, "gauge 3"), Scrape("b", "1", 0, "gauge{x=\"1\"} 3\ngauge{x=\"2\"} 4")));
    }

    [Fact]
    public void A_percentile_is_of_what_was_counted_since_the_round_before()
    {
        var derivation = new SeriesDerivation([new("p50", "s", "a", "took_seconds", SeriesKind.Percentile, [], 0.5)]);
        Derive(derivation, Scrape("a", "1", 0, Buckets(0, 1_000, 1_000)));
        // Nothing but fast ones before; ten between 0.1 and 0.2 s since.
        Assert.Equal([("p50", "", 0.15)], Derive(derivation, Scrape("a", "1", 5, Buckets(0, 1_010, 1_010))).Select(point => (point.Name, point.Labels, Math.Round(point.Value, 6))));
        Assert.Empty(Derive(derivation, Scrape("a", "1", 10, Buckets(0, 1_010, 1_010))));
        // Above the last finite bound.
        Assert.Equal([("p50", "", 0.2)], Derive(derivation, Scrape("a", "1", 15, Buckets(0, 1_010, 1_020))));

        static string Buckets(int upTo100Ms, int upTo200Ms, int all) =>
            $"took_seconds_bucket{{le=\"0.1\"}} {upTo100Ms}\ntook_seconds_bucket{{le=\"0.2\"}} {upTo200Ms}\ntook_seconds_bucket{{le=\"+Inf\"}} {all}";
    }

    [Fact]
    public void A_growth_is_what_was_counted_since_the_round_before_by_all_instances()
    {
        var derivation = new SeriesDerivation([new("claims", "1", "a", "claims_total", SeriesKind.Growth, ["outcome"])]);
        Assert.Empty(Derive(derivation, Scrape("a", "1", 0, "claims_total{outcome=\"accepted\"} 100"), Scrape("a", "2", 0, "")));
        // However long the round took, and where the counter first stands on the page with its first claim.
        Assert.Equal([("claims", "outcome=accepted", 47.0)], Derive(derivation,
            Scrape("a", "1", 7, "claims_total{outcome=\"accepted\"} 107"), Scrape("a", "2", 7, "claims_total{outcome=\"accepted\"} 40")));
    }

    [Fact]
    public void A_mean_is_of_what_was_counted_since_the_round_before_by_all_instances()
    {
        var derivation = new SeriesDerivation([new("batch", "1", "a", "batch", SeriesKind.Mean, [])]);
        Assert.Empty(Derive(derivation, Scrape("a", "1", 0, "batch_sum 1000\nbatch_count 1000\nbatch_bucket{le=\"5\"} 3"), Scrape("a", "2", 0, "batch_sum 0\nbatch_count 0")));
        Assert.Equal([("batch", "", 7.5)], Derive(derivation, Scrape("a", "1", 5, "batch_sum 1010\nbatch_count 1002"), Scrape("a", "2", 5, "batch_sum 20\nbatch_count 2")));
        // No batch at all: no mean.
        Assert.Empty(Derive(derivation, Scrape("a", "1", 10, "batch_sum 1010\nbatch_count 1002"), Scrape("a", "2", 10, "batch_sum 20\nbatch_count 2")));
    }

    [Fact]
    public void A_percentile_lies_between_the_bounds_of_its_bucket() =>
        Gen.Select(Gen.Int[0, 50].Array[1, 6], Gen.Double[0, 1]).Sample((counts, percentile) =>
        {
            var cumulative = new SortedDictionary<double, double>();
            var sum = 0;
            for (var i = 0; i < counts.Length; i++) { cumulative[i + 1] = sum += counts[i]; }
            var value = SeriesDerivation.PercentileOf(cumulative, percentile);
            if (sum == 0) { return value is null; }
            // The observations, each at the upper bound of its bucket.
            var sorted = counts.SelectMany((count, i) => Enumerable.Repeat(i + 1, count)).ToArray();
            var upper = sorted[Math.Clamp((int)Math.Ceiling(percentile * sum) - 1, 0, sum - 1)];
            return percentile == 0 || (value > upper - 1 - 1e-9 && value <= upper + 1e-9);
        });

    [Fact]
    public void The_window_decides_the_step()
    {
        var history = new SeriesHistory(10);
        history.Add(s_start, [(s_mean, 1)]);
        Assert.Equal((TimeSpan.FromSeconds(5), 12), Of(TimeSpan.FromMinutes(1)));
        Assert.Equal((TimeSpan.FromSeconds(5), 180), Of(TimeSpan.FromMinutes(15)));
        Assert.Equal((TimeSpan.FromSeconds(15), 240), Of(TimeSpan.FromHours(1)));
        Assert.Equal((TimeSpan.FromMinutes(1), 360), Of(TimeSpan.FromHours(6)));

        (TimeSpan, int) Of(TimeSpan window)
        {
            var read = history.Read(window, s_start);
            Assert.Equal(s_start, read.To);
            Assert.Equal(window, read.To - read.From + read.Step);
            return (read.Step, read.Series.Single().Values.Length);
        }
    }

    [Fact]
    public void Coarser_points_are_the_mean_or_the_highest_of_finer_ones()
    {
        var history = new SeriesHistory(10);
        foreach (var (seconds, value) in new[] { (0, 1.0), (5, 2.0), (10, 6.0), (15, 9.0) }) { history.Add(s_start.AddSeconds(seconds), [(s_mean, value), (s_highest, value), (s_sum, value)]); }

        var fine = history.Read(TimeSpan.FromMinutes(1), s_start.AddSeconds(15)).Series;
        Assert.All(fine, series => Assert.Equal([null, null, null, null, null, null, null, null, 1, 2, 6, 9], series.Values));
        var coarse = history.Read(TimeSpan.FromHours(1), s_start.AddSeconds(15)).Series.ToDictionary(series => series.Name.Name, series => series.Values[^2..]);
        Assert.Equal([6, 9], coarse["highest"]);
        Assert.Equal([3, 9], coarse["mean"]);
        Assert.Equal([9, 9], coarse["sum"]);
    }

    [Fact]
    public void What_is_not_observed_is_not_told_and_a_lap_later_nothing_old_is_left()
    {
        var history = new SeriesHistory(10);
        history.Add(s_start, [(s_mean, 1)]);
        history.Add(s_start.AddSeconds(15), [(s_mean, 4)]);
        Assert.Equal([1, null, null, 4, null], history.Read(TimeSpan.FromMinutes(1), s_start.AddSeconds(20)).Series.Single().Values[^5..]);

        // The ring of the finest points comes round after 905 s.
        history.Add(s_start.AddSeconds(905), [(s_highest, 1)]);
        Assert.Equal("highest", history.Read(TimeSpan.FromMinutes(1), s_start.AddSeconds(905)).Series.Single().Name.Name);
        Assert.Empty(history.Read(TimeSpan.FromHours(6), s_start.AddHours(7)).Series);
        // Rounds in the wrong order are left out.
        history.Add(s_start, [(s_mean, 9)]);
        Assert.Equal(1, history.Read(TimeSpan.FromHours(1), s_start.AddSeconds(905)).Series.Single(series => series.Name == s_mean).Values.First(value => value is not null));
    }

    [Fact]
    public void The_number_of_series_is_bounded()
    {
        var history = new SeriesHistory(2);
        history.Add(s_start, Enumerable.Range(0, 5).Select(number => (s_mean with { Labels = $"n{number}" }, 1.0)));
        Assert.Equal(2, history.Read(TimeSpan.FromMinutes(1), s_start).Series.Count);
    }

    [Fact]
    public void The_catalogue_names_each_series_once() => Assert.Equal(SeriesCatalogue.All.Count, SeriesCatalogue.All.Select(definition => definition.Name).Distinct().Count());
}
