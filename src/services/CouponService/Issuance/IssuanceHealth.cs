using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Issuance;

/// <summary>Whether coupons are being made; degraded while the log or the database is away, and once a record had to be put aside as broken.</summary>
internal sealed class IssuanceHealth : IHealthSignal
{
    private volatile string? _failure;
    private long _broken;

    public string Name => "issuance";

    public HealthState Current => (_failure, Interlocked.Read(ref _broken)) switch
    {
        ({ } failure, _) => new HealthState(Severity.Degraded, $"Coupons are not being made, and it is tried again: {failure}"),
        (_, > 0 and var broken) => new HealthState(Severity.Degraded, $"{broken} records of coupon.issued could not become coupons; they stand in coupon_dead_letter."),
        _ => HealthState.Ok,
    };

    public void Works() => _failure = null;

    public void Fails(Exception exception) => _failure = exception.GetType().Name;

    public void DeadLettered(IReadOnlyList<DeadLetter> letters)
    {
        if (letters.Count > 0) { Interlocked.Add(ref _broken, letters.Count(letter => letter.Reason != DeadLetterReason.CampaignUnknown)); }
    }
}
