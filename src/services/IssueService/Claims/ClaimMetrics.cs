using System.Diagnostics.Metrics;
using FirstCome.Contracts.Claims;

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
    }

    public void Decided(ClaimRefusal? refusal, bool loggedNow) =>
        _claims.Add(1, new KeyValuePair<string, object?>("outcome", refusal is null ? (loggedNow ? "accepted" : "repeated") : Name(refusal.Value)));

    public void GateAsked(int claims, TimeSpan elapsed)
    {
        _gateBatch.Record(claims);
        _gateDuration.Record(elapsed.TotalSeconds);
    }

    public void LogAcknowledged(int claims, TimeSpan elapsed) => _logDuration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("batch", claims > 1 ? "many" : "one"));

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
