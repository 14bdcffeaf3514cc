using System.Diagnostics;
using System.Text.Json;
using System.Text.RegularExpressions;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.SystemTests.Observability;

/// <summary>Alarm rules and dashboard, against what the services really serve.</summary>
[Collection(OneSystem.Name)]
public sealed partial class AlarmTests(RunningSystem system)
{
    private const int Services = 9;

    // Series that begin with the first event they count.
    private static readonly string[] s_afterTheFirst = ["firstcome_gateway_limited_total", "firstcome_gateway_upstream_failures_total", "firstcome_events_streams"];

    private static string Observe(string path) => Path.Combine(ProjectRoot.Folder, "observe", path);

    [Theory]
    [InlineData("check", "rules", "alarms.yml")]
    // What each alarm sounds at, and what it does not.
    [InlineData("test", "rules", "alarms.test.yml")]
    [InlineData("check", "config", "prometheus.yml")]
    public async Task Promtool_finds_right(string verb, string what, string file)
    {
        var promtool = Needed.Program("promtool", "apt-get install prometheus, or ./test --install");
        using var check = Process.Start(new ProcessStartInfo(promtool, [verb, what, Observe(file)]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (said, complained) = (check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), check.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(check.ExitCode == 0, await said + await complained);
    }

    [Fact]
    public async Task Every_alarm_is_tried_both_ways_and_told_to_operators()
    {
        var rules = await File.ReadAllTextAsync(Observe("alarms.yml"), TestContext.Current.CancellationToken);
        var tried = await File.ReadAllTextAsync(Observe("alarms.test.yml"), TestContext.Current.CancellationToken);
        var told = await File.ReadAllTextAsync(Path.Combine(ProjectRoot.Folder, "docs", "operating", "observability.md"), TestContext.Current.CancellationToken);
        var alarms = Alarm().Matches(rules).Select(match => match.Groups[1].Value).ToList();
        Assert.True(alarms.Count > 10, string.Join(' ', alarms));
        foreach (var alarm in alarms)
        {
            Assert.Matches($@"alertname: {alarm}\n +exp_alerts:\n", tried);
            Assert.Matches($@"alertname: {alarm}, exp_alerts: \[\]", tried);
            Assert.Contains($"| `{alarm}` |", told, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Every_service_of_compose_is_scraped_and_missed()
    {
        var compose = await File.ReadAllTextAsync(Path.Combine(ProjectRoot.Folder, "compose.yaml"), TestContext.Current.CancellationToken);
        // Ours are those that begin as a service of compose.yaml's or as another of such a one.
        var services = Service().Matches(compose).Select(match => match.Groups[1].Value).ToList();
        var seconds = Second().Matches(compose).Where(match => services.Contains(match.Groups[2].Value)).Select(match => match.Groups[1].Value).ToList();
        Assert.Equal(Services, services.Count);
        Assert.Equal(Services, seconds.Count);
        Assert.Equal(services.Concat(seconds).Order(), Target().Matches(await File.ReadAllTextAsync(Observe("prometheus.yml"), TestContext.Current.CancellationToken)).Select(match => match.Groups[1].Value).Order());
        Assert.Equal(services.Order(), Missed().Matches(await File.ReadAllTextAsync(Observe("alarms.yml"), TestContext.Current.CancellationToken)).Select(match => match.Groups[1].Value).Order());
    }

    [Fact]
    public async Task What_alarms_count_is_there_before_it_happens()
    {
        var kinds = Kinds().Matches(await File.ReadAllTextAsync(Observe("alarms.yml"), TestContext.Current.CancellationToken)).SelectMany(match => match.Groups[1].Value.Split('|')).ToList();
        Assert.Contains("replicas-away", kinds);
        var served = (await LinesAsync()).Where(line => line.StartsWith("firstcome_alarms_total{", StringComparison.Ordinal)).ToList();
        // An increase is seen only of a series that began at 0.
        Assert.All(kinds, kind => Assert.Contains(served, line => Regex.IsMatch(line, $"kind=\"{kind}\"")));
    }

    [Fact]
    public async Task Every_metric_of_the_rules_and_the_dashboard_is_served()
    {
        var campaign = await system.CampaignAsync(quota: 1);
        var member = Assert.Single(await system.MembersAsync(campaign, 1));
        Assert.Null((await system.ClaimAsync(campaign, member.Token)).Problem);
        var wanted = Names(await File.ReadAllTextAsync(Observe("alarms.yml"), TestContext.Current.CancellationToken))
            .Concat(Expressions(await File.ReadAllTextAsync(Observe("grafana/dashboards/event.json"), TestContext.Current.CancellationToken)).SelectMany(Names))
            .Except(s_afterTheFirst).Distinct().ToList();
        Assert.True(wanted.Count > 10, string.Join(' ', wanted));
        var missing = wanted;
        for (var started = Stopwatch.GetTimestamp(); missing.Count > 0 && Stopwatch.GetElapsedTime(started) < TimeSpan.FromSeconds(20);)
        {
            missing = [.. wanted.Except(await ServedAsync())];
            if (missing.Count > 0) { await Task.Delay(250, TestContext.Current.CancellationToken); }
        }
        Assert.Empty(missing);
    }

    private async Task<HashSet<string>> ServedAsync() => (await LinesAsync()).Select(line => line.Split('{', ' ')[0]).ToHashSet(StringComparer.Ordinal);

    private async Task<List<string>> LinesAsync()
    {
        var lines = new List<string>();
        for (var offset = 0; offset < Services; offset++)
        {
            var place = new UriBuilder(system.System.Url) { Path = "/metrics" };
            place.Port += offset;
            lines.AddRange((await system.Http.GetStringAsync(place.Uri, TestContext.Current.CancellationToken)).Split('\n').Where(line => line.Length > 0 && line[0] != '#'));
        }
        return lines;
    }

    private static IEnumerable<string> Expressions(string dashboard)
    {
        using var document = JsonDocument.Parse(dashboard);
        foreach (var panel in document.RootElement.GetProperty("panels").EnumerateArray())
        {
            if (!panel.TryGetProperty("targets", out var targets)) { continue; }
            foreach (var target in targets.EnumerateArray()) { yield return target.GetProperty("expr").GetString()!; }
        }
    }

    private static IEnumerable<string> Names(string text) => MetricName().Matches(text).Select(match => match.Value);

    [GeneratedRegex(@"\b(firstcome|http_server|kestrel|db_client|messaging)_[a-z_]+\b")]
    private static partial Regex MetricName();

    [GeneratedRegex(@"- alert: (\w+)")]
    private static partial Regex Alarm();

    [GeneratedRegex(@"^  ([a-z-]+): &\1\n    <<: \*service$", RegexOptions.Multiline)]
    private static partial Regex Service();

    [GeneratedRegex(@"^  (([a-z-]+)-2):\n    <<: \*\2$", RegexOptions.Multiline)]
    private static partial Regex Second();

    [GeneratedRegex(@"^          - ([a-z0-9-]+)$", RegexOptions.Multiline)]
    private static partial Regex Target();

    [GeneratedRegex("""absent\(up\{service="([a-z-]+)"\}\)""")]
    private static partial Regex Missed();

    [GeneratedRegex("""firstcome_alarms_total\{kind=~?"([^"]+)"\}""")]
    private static partial Regex Kinds();
}
