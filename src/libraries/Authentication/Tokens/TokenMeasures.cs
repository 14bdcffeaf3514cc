using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace FirstCome.Authentication;

internal sealed class TokenMeasures
{
    public const string MeterName = "FirstCome.Authentication";
    private readonly Counter<long> _refused;

    public TokenMeasures(IMeterFactory meters, TokenCache cache, MemberStandings standings)
    {
        var meter = meters.Create(MeterName);
        Remembered = meter.CreateCounter<long>("firstcome.tokens.remembered", description: "Requests whose token was known already");
        Validated = meter.CreateCounter<long>("firstcome.tokens.validated", description: "Tokens validated in full");
        Vouched = meter.CreateCounter<long>("firstcome.tokens.vouched", description: "Tokens validated but for their signature, which the gateway verified");
        _refused = meter.CreateCounter<long>("firstcome.tokens.refused", description: "Tokens refused, by reason");
        meter.CreateObservableGauge("firstcome.tokens.cached", () => cache.Count, description: "Tokens remembered now");
        meter.CreateObservableGauge("firstcome.member_standings", () => standings.Count, description: "Members whose standing changed lately");
    }

    public Counter<long> Remembered { get; }
    public Counter<long> Validated { get; }
    public Counter<long> Vouched { get; }

    public void Refuse(TokenRefusal refusal) => _refused.Add(1, new TagList { { "reason", refusal.ToString() } });
}
