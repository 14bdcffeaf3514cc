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

    private static string Observe(string path)
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root!.FullName, "FirstCome.slnx"))) { root = root.Parent; }
        return Path.Combine(root.FullName, "observe", path);
    }

    [Fact]
    public async Task Promtool_finds_the_rules_right()
    {
        var promtool = Needed.Program("promtool", "apt-get install prometheus");
        using var check = Process.Start(new ProcessStartInfo(promtool, ["check", "rules", Observe("alarms.yml")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var said = await check.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken) + await check.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        await check.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(check.ExitCode == 0, said);
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

    private async Task<HashSet<string>> ServedAsync()
    {
        var served = new HashSet<string>(StringComparer.Ordinal);
        for (var offset = 0; offset < Services; offset++)
        {
            var place = new UriBuilder(system.System.Url) { Path = "/metrics" };
            place.Port += offset;
            foreach (var line in (await system.Http.GetStringAsync(place.Uri, TestContext.Current.CancellationToken)).Split('\n'))
            {
                if (line.Length > 0 && line[0] != '#') { served.Add(line.Split('{', ' ')[0]); }
            }
        }
        return served;
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
}
