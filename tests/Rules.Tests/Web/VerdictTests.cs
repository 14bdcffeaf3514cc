using FirstCome.ServiceDefaults;
using FirstCome.Web.Console.Dashboard;
using FirstCome.Web.Console.Health;
using FirstCome.Web.Console.Shell;
using Xunit;

namespace FirstCome.RulesTests.Web;

public sealed class VerdictTests
{
    [Fact]
    public void All_is_well_where_nothing_speaks_against_it() => Assert.Equal(Standing.Good, Of(Fleet()).Standing);

    [Fact]
    public void Open_dead_letters_ask_for_a_deed_and_slowness_for_a_look()
    {
        var open = Verdict.Of(Metrics(), 1, Fleet());
        Assert.Equal((Standing.Act, new Reason("verdict.deadLetters", "dead-letters")), (open.Standing, Assert.Single(open.Reasons)));
        Assert.Equal(Standing.Watch, Verdict.Of(Metrics(new SeriesView("gate.duration.p99", "s", new Dictionary<string, string>(), [0.1, 0.9])), 0, Fleet()).Standing);
    }

    [Fact]
    public void The_alarm_of_a_dead_letter_is_over_with_the_letter() =>
        Assert.Equal(Standing.Good, Verdict.Of(Alarms("dead-letter", minutesAgo: 1), 0, Fleet()).Standing);

    [Theory]
    [InlineData("clock-off", 9, "Act", "health")]
    [InlineData("clock-off", 11, "Watch", "health")]
    [InlineData("malformed-record", 1, "Act", "dead-letters")]
    [InlineData("differs-claim-missing", 1, "Act", "reconciliation")]
    [InlineData("log-starts-after-ledger", 59, "Watch", "reconciliation")]
    [InlineData("an alarm of later days", 1, "Act", "health")]
    public void An_alarm_is_named_with_its_last_time_and_leads_to_its_page(string kind, int minutesAgo, string standing, string page)
    {
        var metrics = Alarms(kind, minutesAgo);
        var verdict = Verdict.Of(metrics, 0, Fleet());
        Assert.Equal((standing, new Reason("verdict.alarm", page, kind, metrics.To.AddMinutes(-minutesAgo))), (verdict.Standing.ToString(), Assert.Single(verdict.Reasons)));
    }

    [Fact]
    public void Every_alarm_that_a_service_sounds_has_its_words()
    {
        string[] differences = [.. Enum.GetValues<FirstCome.IssueService.Operations.DifferenceKind>().Select(kind => "differs-" + FirstCome.IssueService.Operations.Comparison.Name(kind))];
        Assert.All([.. differences, "malformed-record", "clock-off", "redis-evicts", "replicas-away", "claims-missing", "log-starts-after-ledger"], kind => Assert.True(ConsoleTexts.All.ContainsKey("alarm." + kind), kind));
    }

    [Theory]
    [InlineData("Failed", "Act", "verdict.instancesDown")]
    [InlineData("Unreachable", "Act", "verdict.instancesDown")]
    [InlineData("Degraded", "Watch", "verdict.instancesDegraded")]
    public void An_instance_that_is_not_well_is_named(string status, string standing, string reason)
    {
        var verdict = Of(Fleet(Enum.Parse<InstanceStatus>(status)));
        Assert.Equal((standing, new Reason(reason, "health", "coupon-service")), (verdict.Standing.ToString(), Assert.Single(verdict.Reasons)));
    }

    [Theory]
    [InlineData("Failed", "Act", "verdict.enginesDown")]
    [InlineData("Degraded", "Watch", "verdict.enginesDegraded")]
    public void An_engine_that_is_not_well_is_named(string status, string standing, string reason)
    {
        var verdict = Of(Fleet() with { Engines = [new("redis", Enum.Parse<Severity>(status), "away", ["web"]), new("log", Severity.Ok, "ok", ["web"])] });
        Assert.Equal((standing, new Reason(reason, "health", "redis")), (verdict.Standing.ToString(), Assert.Single(verdict.Reasons)));
    }

    [Fact]
    public void A_registry_that_is_away_and_commits_that_differ_ask_for_a_look()
    {
        var verdict = Of(Fleet() with { RegistryReachable = false, Configuration = new(false, "abc") });
        Assert.Equal((Standing.Watch, "verdict.registryAway verdict.commitsDiffer"), (verdict.Standing, string.Join(' ', verdict.Reasons.Select(reason => reason.Key))));
        // What asks for a deed stands first.
        Assert.Equal("verdict.instancesDown", Of(Fleet(InstanceStatus.Failed) with { RegistryReachable = false }).Reasons[0].Key);
    }

    [Fact]
    public void Every_reason_has_its_words_with_the_names_in_them()
    {
        var loud = Fleet(InstanceStatus.Failed) with
        {
            RegistryReachable = false,
            Configuration = new(false),
            Engines = [new("log", Severity.Failed, "", []), new("redis", Severity.Degraded, "", [])],
            Services = [.. Fleet(InstanceStatus.Failed).Services, .. Fleet(InstanceStatus.Degraded).Services],
        };
        Assert.Equal(6, Of(loud).Reasons.Count);
        Assert.All(Of(loud).Reasons, reason =>
        {
            var text = ConsoleTexts.All[reason.Key];
            Assert.Equal((reason.About.Length > 0, reason.About.Length > 0), (text.Ko.Contains("{0}", StringComparison.Ordinal), text.En.Contains("{0}", StringComparison.Ordinal)));
        });
    }

    private static Verdict Of(FleetView fleet) => Verdict.Of(Metrics(), 0, fleet);

    private static FleetView Fleet(InstanceStatus status = InstanceStatus.Ok) =>
        new(default, RegistryReachable: true, new(Agreed: true, "abc"), [], [new("coupon-service", [new("1", new Uri("http://127.0.0.1"), status, [], 1)]), new("web", [new("2", new Uri("http://127.0.0.1"), InstanceStatus.Ok, [], 1)])]);

    // An hour in steps of a minute, the last of them now; the alarm sounded before it and once at that moment.
    private static MetricsView Alarms(string kind, int minutesAgo)
    {
        var values = new double?[60];
        Array.Fill(values, 0.0);
        (values[0], values[59 - minutesAgo]) = (0.1, 0.2);
        var from = new DateTimeOffset(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);
        return new(from, from.AddMinutes(59), TimeSpan.FromMinutes(1), [new("alarms.perSecond", "1/s", new Dictionary<string, string> { ["kind"] = kind }, values)]);
    }

    private static MetricsView Metrics(params SeriesView[] series) => new(default, default, TimeSpan.FromSeconds(5), series);
}
