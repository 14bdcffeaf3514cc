using System.Diagnostics;
using FirstCome.Engines.Log;

namespace FirstCome.IssueService.Claims;

/// <summary>The spans of the claim's way, source <c>FirstCome.IssueService</c>.</summary>
internal static class ClaimTraces
{
    private static readonly ActivitySource s_source = new(ClaimMetrics.MeterName);

    /// <summary>One call to the gate.</summary>
    public static BatchTrace? Gate(IReadOnlyList<PendingClaim> claims) => BatchTrace.Start(s_source, "EVALSHA claim", ActivityKind.Client, claims, static claim => claim.TraceParent)
        ?.Tag("db.system.name", "redis").Tag("db.operation.name", "EVALSHA").Tag("db.stored_procedure.name", "claim").Tag("firstcome.claims", claims.Count);

    /// <summary>One batch on its way to the log.</summary>
    public static BatchTrace? Send<T>(IEventLog log, string topic, IReadOnlyList<T> entries, Func<T, string?> traceParent) =>
        BatchTrace.Start(s_source, $"send {topic}", ActivityKind.Producer, entries, traceParent)?.Messaging(log, topic, "send", entries.Count);
}
