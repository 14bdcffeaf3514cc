using FirstCome.Contracts.Campaigns;

namespace FirstCome.CouponService.Issuance;

/// <summary>
/// When a coupon stops being good. Decided once, at issue, and kept as an instant: a later change of the campaign or of the zone's rules moves no coupon.
/// </summary>
internal static class CouponExpiry
{
    private static readonly DateOnly LastDay = new(9999, 12, 30);

    /// <summary>The first instant at which a coupon issued at <paramref name="issuedAt"/> is expired.</summary>
    /// <param name="zone">The campaign's time zone; it says what a day is.</param>
    public static DateTimeOffset Of(Validity validity, DateTimeOffset issuedAt, TimeZoneInfo zone)
    {
        if (validity.Until is { } until) { return until; }
        var days = validity.Days ?? throw new ArgumentException("A validity is an instant or a number of days; this one is neither.", nameof(validity));
        var issuedOn = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(issuedAt, zone).DateTime);
        var after = Math.Min((long)issuedOn.DayNumber + days + 1, LastDay.DayNumber);
        return StartOfDay(DateOnly.FromDayNumber((int)Math.Max(after, 0)), zone);
    }

    /// <summary>
    /// The first instant of a local day. Where clocks are set forward over midnight the day begins at that jump;
    /// where midnight comes twice, it begins at the first.
    /// </summary>
    public static DateTimeOffset StartOfDay(DateOnly day, TimeZoneInfo zone)
    {
        var midnight = new DateTimeOffset(day.ToDateTime(TimeOnly.MinValue), TimeSpan.Zero);
        var before = zone.GetUtcOffset(midnight.AddDays(-1));
        var after = zone.GetUtcOffset(midnight.AddDays(1));
        var earliest = midnight - (before > after ? before : after);
        var latest = midnight - (before > after ? after : before);
        if (!Begun(earliest))
        {
            // Between the two candidates local time only grows, so the day's first instant is found by halving.
            while (latest - earliest > TimeSpan.FromMilliseconds(1))
            {
                var middle = earliest + TimeSpan.FromMilliseconds(Math.Floor((latest - earliest).TotalMilliseconds / 2));
                if (Begun(middle)) { latest = middle; }
                else { earliest = middle; }
            }
            return latest;
        }
        return earliest;

        bool Begun(DateTimeOffset instant) => instant + zone.GetUtcOffset(instant) >= midnight;
    }
}
