using System.Text.Json.Serialization;

namespace FirstCome.CouponService.Coupons;

/// <summary>Where a coupon stands; numbers as in <c>coupon.state</c>. Issued turns into expired by the clock, before the sweep writes it down.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CouponState>))]
internal enum CouponState
{
    [JsonStringEnumMemberName("issued")] Issued = 1,
    [JsonStringEnumMemberName("used")] Used = 2,
    [JsonStringEnumMemberName("cancelled")] Cancelled = 3,
    [JsonStringEnumMemberName("expired")] Expired = 4,
}

internal static class CouponStates
{
    /// <summary>The state that callers see: what is written, and the clock.</summary>
    public static CouponState At(CouponState written, long expiresAtMs, DateTimeOffset now) =>
        written is CouponState.Issued && now.ToUnixTimeMilliseconds() >= expiresAtMs ? CouponState.Expired : written;

    /// <summary>The state of a coupon whose redemption was undone.</summary>
    public static CouponState AfterUndo(long expiresAtMs, DateTimeOffset now) => At(CouponState.Issued, expiresAtMs, now);

    /// <summary>Reads the name that the API uses; false for anything else.</summary>
    public static bool TryParse(string? name, out CouponState state)
    {
        CouponState? known = name switch
        {
            "issued" => CouponState.Issued,
            "used" => CouponState.Used,
            "cancelled" => CouponState.Cancelled,
            "expired" => CouponState.Expired,
            _ => null,
        };
        state = known ?? default;
        return known is not null;
    }

    public static string Name(this CouponState state) => state switch
    {
        CouponState.Issued => "issued",
        CouponState.Used => "used",
        CouponState.Cancelled => "cancelled",
        CouponState.Expired => "expired",
        _ => throw new ArgumentOutOfRangeException(nameof(state), state, "No such state of a coupon."),
    };
}
