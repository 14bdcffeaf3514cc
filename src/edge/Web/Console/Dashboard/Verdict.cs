using FirstCome.ServiceDefaults;
using FirstCome.Web.Console.Health;

namespace FirstCome.Web.Console.Dashboard;

internal enum Standing { Good, Watch, Act }

/// <summary>Why it does not go well.</summary>
/// <param name="Key">The key of its text.</param>
/// <param name="Page">The page on which something can be done, or seen, about it.</param>
/// <param name="About">Which services, engines or kind of alarm it is about; empty where the text tells all.</param>
/// <param name="At">When it was so last; null where it is so now.</param>
internal sealed record Reason(string Key, string Page, string About = "", DateTimeOffset? At = null);

/// <summary>Whether it goes well, in one word, and why not.</summary>
internal sealed record Verdict(Standing Standing, IReadOnlyList<Reason> Reasons)
{
    public const double GateSlowAfter = 0.5;
    public const int LagHighAfter = 20_000;

    /// <summary>An alarm asks for a deed for so long; after that it is worth a look.</summary>
    public static readonly TimeSpan AlarmActs = TimeSpan.FromMinutes(10);

    private const string Letters = "dead-letters", Health = "health", Reconciliation = "reconciliation";

    /// <summary>The alarm whose cause is counted: the letters that are still open tell whether there is anything left to do.</summary>
    private const string DeadLetterAlarm = "dead-letter";

    /// <summary>
    /// Something that loses an operator's promise, or that is down, asks for a deed; what is slow, late or degraded asks for a look. While the registry is away its last list is judged all the same.
    /// </summary>
    /// <param name="deadLetters">Those that wait for an operator.</param>
    public static Verdict Of(MetricsView metrics, int deadLetters, FleetView fleet)
    {
        var (act, watch) = (new List<Reason>(), new List<Reason>());
        if (deadLetters > 0) { act.Add(new("verdict.deadLetters", Letters)); }
        JudgeAlarms(metrics, act, watch);
        JudgeFleet(fleet, act, watch);
        if (metrics.Now("http.failures.perSecond") > 0) { watch.Add(new("verdict.failures", Health)); }
        if (metrics.Now("gate.duration.p99", highest: true) > GateSlowAfter) { watch.Add(new("verdict.gateSlow", Health)); }
        if (metrics.Now("worker.lag", highest: true) > LagHighAfter) { watch.Add(new("verdict.lag", Health)); }
        return new(act.Count > 0 ? Standing.Act : watch.Count > 0 ? Standing.Watch : Standing.Good, [.. act, .. watch]);
    }

    private static void JudgeAlarms(MetricsView metrics, List<Reason> act, List<Reason> watch)
    {
        foreach (var (kind, at) in metrics.LastAboveZero("alarms.perSecond", "kind").OrderByDescending(alarm => alarm.Value))
        {
            if (kind == DeadLetterAlarm) { continue; }
            (metrics.To - at <= AlarmActs ? act : watch).Add(new("verdict.alarm", PageOf(kind), kind, at));
        }
    }

    private static string PageOf(string alarm) => alarm switch
    {
        "malformed-record" => Letters,
        "claims-missing" or "log-starts-after-ledger" or "not-reconciled" => Reconciliation,
        _ when alarm.StartsWith("differs-", StringComparison.Ordinal) => Reconciliation,
        _ => Health,
    };

    private static void JudgeFleet(FleetView fleet, List<Reason> act, List<Reason> watch)
    {
        Say(act, "verdict.instancesDown", InstancesThat(status => status is InstanceStatus.Failed or InstanceStatus.Unreachable));
        Say(act, "verdict.enginesDown", EnginesThat(Severity.Failed));
        Say(watch, "verdict.instancesDegraded", InstancesThat(status => status is InstanceStatus.Degraded));
        Say(watch, "verdict.enginesDegraded", EnginesThat(Severity.Degraded));
        if (!fleet.RegistryReachable) { watch.Add(new("verdict.registryAway", Health)); }
        if (!fleet.Configuration.Agreed) { watch.Add(new("verdict.commitsDiffer", Health)); }

        IEnumerable<string> InstancesThat(Func<InstanceStatus, bool> isMeant) => fleet.Services.Where(service => service.Instances.Any(instance => isMeant(instance.Status))).Select(service => service.Name);

        IEnumerable<string> EnginesThat(Severity status) => fleet.Engines.Where(engine => engine.Status == status).Select(engine => engine.Name);

        static void Say(List<Reason> reasons, string key, IEnumerable<string> names)
        {
            var about = string.Join(", ", names);
            if (about.Length > 0) { reasons.Add(new(key, Health, about)); }
        }
    }
}
