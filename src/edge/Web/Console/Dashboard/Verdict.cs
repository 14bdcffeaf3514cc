namespace FirstCome.Web.Console.Dashboard;

internal enum Standing { Good, Watch, Act }

/// <summary>Whether it goes well, in one word, and why not.</summary>
/// <param name="Reasons">Keys of texts.</param>
internal sealed record Verdict(Standing Standing, IReadOnlyList<string> Reasons)
{
    public const double GateSlowAfter = 0.5;
    public const int LagHighAfter = 20_000;

    /// <summary>Something that loses an operator's promise asks for a deed; what is slow or late asks for a look.</summary>
    public static Verdict Of(MetricsView metrics, int deadLetters)
    {
        var (act, watch) = (new List<string>(), new List<string>());
        if (deadLetters > 0) { act.Add("verdict.deadLetters"); }
        if (metrics.Totals("alarms.perSecond", "kind").Values.Any(count => count > 0)) { act.Add("verdict.alarms"); }
        if (metrics.Now("http.failures.perSecond") > 0) { watch.Add("verdict.failures"); }
        if (metrics.Now("gate.duration.p99", highest: true) > GateSlowAfter) { watch.Add("verdict.gateSlow"); }
        if (metrics.Now("worker.lag", highest: true) > LagHighAfter) { watch.Add("verdict.lag"); }
        return new(act.Count > 0 ? Standing.Act : watch.Count > 0 ? Standing.Watch : Standing.Good, [.. act, .. watch]);
    }
}
