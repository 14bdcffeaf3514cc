using System.Diagnostics.Metrics;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Operations;

namespace FirstCome.IssueService.Claims;

/// <summary>The numbers of the claim's way, meter <c>FirstCome.IssueService</c>.</summary>
internal sealed class ClaimMetrics
{
    public const string MeterName = "FirstCome.IssueService";

    private readonly Counter<long> _claims;
    private readonly Histogram<double> _gateDuration;
    private readonly Histogram<int> _gateBatch;
    private readonly Histogram<double> _logDuration;
    private readonly Counter<long> _rebuilds;
    private readonly Counter<long> _republished;
    private readonly Counter<long> _alarms;
    private readonly Histogram<double> _redisDuration, _sendDuration;
    private readonly Counter<long> _sent;
    private Swept _swept = new(0, TimeSpan.Zero, 0, 0);

    /// <summary>The kind of alarm that a scheduled reconciliation raises which could not judge everything.</summary>
    public const string NotReconciled = "not-reconciled";

    public ClaimMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _claims = meter.CreateCounter<long>("firstcome.claims", "{claim}", "Claims by outcome.");
        _gateDuration = meter.CreateHistogram<double>("firstcome.gate.duration", "s", "One call to the gate.");
        _gateBatch = meter.CreateHistogram<int>("firstcome.gate.batch", "{claim}", "Claims in one call to the gate.");
        _logDuration = meter.CreateHistogram<double>("firstcome.log.acknowledge.duration", "s", "From a batch's production to the log's acknowledgement.");
        _rebuilds = meter.CreateCounter<long>("firstcome.gate.rebuilds", "{rebuild}", "Gates rebuilt and opened.");
        _republished = meter.CreateCounter<long>("firstcome.claims.republished", "{claim}", "Reservations that a sweep published.");
        _alarms = meter.CreateCounter<long>("firstcome.alarms", "{alarm}", "Things that an operator must look at, by kind.");
        _redisDuration = StandardMetrics.DatabaseDuration(meter);
        _sendDuration = StandardMetrics.SendDuration(meter);
        _sent = StandardMetrics.Sent(meter);
        meter.CreateObservableGauge("firstcome.unlogged", () => Volatile.Read(ref _swept).Unlogged, "{claim}", "Reservations without a mark, when the sweep last looked.");
        meter.CreateObservableGauge("firstcome.unlogged.age", () => Volatile.Read(ref _swept).Oldest.TotalSeconds, "s", "Age of the oldest of them; 0 where there is none.");
        meter.CreateObservableGauge("firstcome.gates.closed", () => Volatile.Read(ref _swept).Closed, "{gate}", "Gates that did not answer, or were being rebuilt, when the sweep last looked.");
        meter.CreateObservableGauge("firstcome.gaps", () => Volatile.Read(ref _swept).Gaps, "{number}", "Numbers without a claim that rebuilds made void, of all campaigns, as the ledger has them.");
    }

    /// <summary>Begins the counters that alarms are made of at 0: an increase is seen only of a series that is there before.</summary>
    public void Begin()
    {
        var differences = Enum.GetValues<DifferenceKind>().Select(kind => $"differs-{Comparison.Name(kind)}");
        foreach (var kind in (string[])["clock-off", "redis-evicts", "replicas-away", "claims-missing", NotReconciled, .. differences]) { _alarms.Add(0, new KeyValuePair<string, object?>("kind", kind)); }
        _rebuilds.Add(0);
        _republished.Add(0);
    }

    /// <summary>What a pass of the sweep saw.</summary>
    public void Saw(Swept swept) => Volatile.Write(ref _swept, swept);

    public void Decided(ClaimRefusal? refusal, bool loggedNow) =>
        _claims.Add(1, new KeyValuePair<string, object?>("outcome", refusal is null ? (loggedNow ? "accepted" : "repeated") : Name(refusal.Value)));

    /// <summary>The gate was asked. Our own numbers tell of answers only, the standard ones of failures too.</summary>
    public void GateAsked(int claims, TimeSpan elapsed, Exception? failure = null)
    {
        if (failure is null)
        {
            _gateBatch.Record(claims);
            _gateDuration.Record(elapsed.TotalSeconds);
        }
        _redisDuration.Record(elapsed.TotalSeconds, StandardMetrics.Attributes(failure, new("db.system.name", "redis"), new("db.operation.name", "EVALSHA")));
    }

    /// <summary>A batch was sent to the log, which acknowledged it or, with a <paramref name="failure"/>, did not.</summary>
    public void Sent(string system, int claims, TimeSpan elapsed, Exception? failure = null)
    {
        if (failure is null) { _logDuration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("batch", claims > 1 ? "many" : "one")); }
        var attributes = StandardMetrics.Attributes(
            failure, new(MessagingAttributes.SystemName, system), new(MessagingAttributes.Destination, Topics.CouponClaims.Name), new(MessagingAttributes.OperationName, "send"));
        _sendDuration.Record(elapsed.TotalSeconds, attributes);
        _sent.Add(claims, attributes);
    }

    public void Rebuilt() => _rebuilds.Add(1);

    public void Republished(int claims) => _republished.Add(claims);

    public void Alarm(string kind) => _alarms.Add(1, new KeyValuePair<string, object?>("kind", kind));

    private static string Name(ClaimRefusal refusal) => refusal switch
    {
        ClaimRefusal.Unauthorized => "unauthorized",
        ClaimRefusal.CampaignUnknown => "campaign-unknown",
        ClaimRefusal.NotOpenYet => "not-open-yet",
        ClaimRefusal.Closed => "closed",
        ClaimRefusal.Paused => "paused",
        ClaimRefusal.NotEligible => "not-eligible",
        ClaimRefusal.LimitReached => "limit-reached",
        ClaimRefusal.SoldOut => "sold-out",
        ClaimRefusal.Recovering => "recovering",
        _ => "unavailable",
    };
}

/// <summary>What one pass of the sweep saw in all campaigns' gates and in the ledger.</summary>
internal sealed record Swept(long Unlogged, TimeSpan Oldest, int Closed, long Gaps);
