using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Issuance;

/// <summary>
/// Whether coupons are being made; degraded while the log or the database is away, and as long as records stand in
/// <c>coupon_dead_letter</c>, also after a restart.
/// </summary>
internal sealed class IssuanceHealth : IHealthSignal
{
    private volatile string? _failure;
    private volatile HealthState _kept = HealthState.Ok;

    public string Name => "issuance";

    public HealthState Current =>
        _failure is { } failure ? new HealthState(Severity.Degraded, $"coupons are not being made, and it is tried again: {failure}") : _kept;

    public void Works() => _failure = null;

    public void Fails(Exception exception) => _failure = exception.GetType().Name;

    /// <summary>Tells how many records are kept: broken ones, and those that wait for their campaign.</summary>
    public void Keeps(long broken, long waiting) => _kept = broken + waiting == 0
        ? HealthState.Ok
        : new HealthState(
            Severity.Degraded, $"records stand in coupon_dead_letter: {broken} that could not become coupons, {waiting} that wait for their campaign");
}
