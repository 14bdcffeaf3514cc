using FirstCome.ServiceDefaults;
using FirstCome.Web.Console.Health;

namespace FirstCome.Web.Console.Dashboard;

internal enum Standing { Good, Watch, Act }

/// <summary>Why it does not go well.</summary>
/// <param name="Key">The key of its text.</param>
/// <param name="About">Which services or engines it is about; empty where the text tells all.</param>
internal sealed record Reason(string Key, string About = "");

/// <summary>Whether it goes well, in one word, and why not.</summary>
internal sealed record Verdict(Standing Standing, IReadOnlyList<Reason> Reasons)
{
    public const double GateSlowAfter = 0.5;
    public const int LagHighAfter = 20_000;

    /// <summary>
    /// Something that loses an operator's promise, or that is down, asks for a deed; what is slow, late or degraded asks for a look. While the registry is away its last list is judged all the same.
    /// </summary>
    public static Verdict Of(MetricsView metrics, int deadLetters, FleetView fleet)
    {
        var (act, watch) = (new List<Reason>(), new List<Reason>());
        if (deadLetters > 0) { act.Add(new("verdict.deadLetters")); }
        if (metrics.Line("alarms.perSecond").Any(rate => rate > 0)) { act.Add(new("verdict.alarms")); }
        JudgeFleet(fleet, act, watch);
        if (metrics.Now("http.failures.perSecond") > 0) { watch.Add(new("verdict.failures")); }
        if (metrics.Now("gate.duration.p99", highest: true) > GateSlowAfter) { watch.Add(new("verdict.gateSlow")); }
        if (metrics.Now("worker.lag", highest: true) > LagHighAfter) { watch.Add(new("verdict.lag")); }
        return new(act.Count > 0 ? Standing.Act : watch.Count > 0 ? Standing.Watch : Standing.Good, [.. act, .. watch]);
    }

    private static void JudgeFleet(FleetView fleet, List<Reason> act, List<Reason> watch)
    {
        Say(act, "verdict.instancesDown", InstancesThat(status => status is InstanceStatus.Failed or InstanceStatus.Unreachable));
        Say(act, "verdict.enginesDown", EnginesThat(Severity.Failed));
        Say(watch, "verdict.instancesDegraded", InstancesThat(status => status is InstanceStatus.Degraded));
        Say(watch, "verdict.enginesDegraded", EnginesThat(Severity.Degraded));
        if (!fleet.RegistryReachable) { watch.Add(new("verdict.registryAway")); }
        if (!fleet.Configuration.Agreed) { watch.Add(new("verdict.commitsDiffer")); }

        IEnumerable<string> InstancesThat(Func<InstanceStatus, bool> isMeant) => fleet.Services.Where(service => service.Instances.Any(instance => isMeant(instance.Status))).Select(service => service.Name);

        IEnumerable<string> EnginesThat(Severity status) => fleet.Engines.Where(engine => engine.Status == status).Select(engine => engine.Name);

        static void Say(List<Reason> reasons, string key, IEnumerable<string> names)
        {
            var about = string.Join(", ", names);
            if (about.Length > 0) { reasons.Add(new(key, about)); }
        }
    }
}
