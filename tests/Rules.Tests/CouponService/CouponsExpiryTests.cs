using CsCheck;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Coupons;
using FirstCome.CouponService.Issuance;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>When coupons expire, wherever clocks are set forward and back.</summary>
public sealed class CouponsExpiryTests
{
    private static readonly TimeZoneInfo[] Zones =
    [
        .. new[]
        {
            "Asia/Seoul", "UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "Pacific/Kiritimati", "Pacific/Pago_Pago",
            // Clocks set forward over midnight, and back over it.
            "America/Santiago", "Africa/Cairo", "America/Havana", "Asia/Beirut", "America/Asuncion", "America/Sao_Paulo",
        }.Select(TimeZoneInfo.FindSystemTimeZoneById),
    ];

    private static readonly Gen<TimeZoneInfo> Zone = Gen.OneOf(Zones);
    private static readonly Gen<DateTimeOffset> Instant = Gen.Long[946_684_800_000, 2_240_524_800_000].Select(DateTimeOffset.FromUnixTimeMilliseconds);

    [Fact]
    public void Until_is_taken_as_it_is()
    {
        var until = new DateTimeOffset(2030, 1, 31, 15, 0, 0, TimeSpan.Zero);
        Assert.Equal(until, CouponExpiry.Of(new Validity(until), DateTimeOffset.UnixEpoch, Zones[0]));
    }

    [Theory]
    // In Seoul the day begins at 15:00 UTC of the day before.
    [InlineData("2026-03-01T14:59:59Z", 1, "Asia/Seoul", "2026-03-02T15:00:00Z")]
    [InlineData("2026-03-01T15:00:00Z", 1, "Asia/Seoul", "2026-03-03T15:00:00Z")]
    [InlineData("2026-03-01T00:00:00Z", 30, "Asia/Seoul", "2026-03-31T15:00:00Z")]
    // Clocks go forward on 8 March and back on 1 November: the day's end moves against UTC.
    [InlineData("2026-03-07T17:00:00Z", 1, "America/New_York", "2026-03-09T04:00:00Z")]
    [InlineData("2026-03-06T17:00:00Z", 1, "America/New_York", "2026-03-08T05:00:00Z")]
    [InlineData("2026-10-31T12:00:00Z", 1, "America/New_York", "2026-11-02T05:00:00Z")]
    // There is no midnight on 6 September 2026 in Santiago: the clock goes from 24:00 to 01:00.
    [InlineData("2026-09-04T12:00:00Z", 1, "America/Santiago", "2026-09-06T04:00:00Z")]
    // At 24:00 of 4 April 2026 the clock goes back to 23:00: that day has 25 hours.
    [InlineData("2026-04-03T12:00:00Z", 1, "America/Santiago", "2026-04-05T04:00:00Z")]
    // Midnight comes twice on 1 November 2026 in Havana: at 01:00 the clock goes back to 00:00. The day begins at the first.
    [InlineData("2026-10-30T12:00:00Z", 1, "America/Havana", "2026-11-01T04:00:00Z")]
    public void Days_end_with_the_nth_day_after_issue(string issuedAt, int days, string zone, string expiresAt) =>
        Assert.Equal(At(expiresAt), CouponExpiry.Of(new Validity(Days: days), At(issuedAt), TimeZoneInfo.FindSystemTimeZoneById(zone)));

    [Fact]
    public void The_last_moment_is_of_the_nth_day_and_the_next_one_is_not() =>
        Gen.Select(Instant, Gen.Int[1, 400], Zone).Sample((issuedAt, days, zone) =>
        {
            var expiresAt = CouponExpiry.Of(new Validity(Days: days), issuedAt, zone);
            var lastDay = Day(issuedAt, zone).AddDays(days);
            // A millisecond is the resolution of what is kept.
            return Day(expiresAt.AddMilliseconds(-1), zone) <= lastDay && Day(expiresAt, zone) > lastDay;
        });

    [Fact]
    public void More_days_never_expire_earlier_and_later_issues_never_before_earlier_ones() =>
        Gen.Select(Instant, Gen.Long[0, 100_000_000], Gen.Int[1, 400], Zone).Sample((issuedAt, later, days, zone) =>
        {
            var expiresAt = CouponExpiry.Of(new Validity(Days: days), issuedAt, zone);
            return expiresAt < CouponExpiry.Of(new Validity(Days: days + 1), issuedAt, zone)
                && (expiresAt <= CouponExpiry.Of(new Validity(Days: days), issuedAt.AddMilliseconds(later), zone) || IsSetBack(issuedAt, later, zone));
        });

    [Fact]
    public void A_day_begins_at_its_first_moment() =>
        Gen.Select(Instant, Zone).Sample((instant, zone) =>
        {
            var day = Day(instant, zone);
            var start = CouponExpiry.StartOfDay(day, zone);
            return Day(start, zone) == day && start <= instant && Day(start.AddMilliseconds(-1), zone) < day;
        });

    [Fact]
    public void Absurdly_many_days_end_with_the_calendar() =>
        Assert.Equal(9999, CouponExpiry.Of(new Validity(Days: int.MaxValue), DateTimeOffset.UnixEpoch, Zones[0]).Year);

    [Fact]
    public void Issued_turns_into_expired_at_the_very_instant_and_other_states_stay()
    {
        var at = DateTimeOffset.FromUnixTimeMilliseconds(1_000_000);
        Assert.Equal(CouponState.Issued, CouponStates.At(CouponState.Issued, 1_000_001, at));
        Assert.Equal(CouponState.Expired, CouponStates.At(CouponState.Issued, 1_000_000, at));
        Assert.Equal(CouponState.Used, CouponStates.At(CouponState.Used, 1, at));
        Assert.Equal(CouponState.Cancelled, CouponStates.At(CouponState.Cancelled, 1, at));
        Assert.Equal(CouponState.Issued, CouponStates.AfterUndo(1_000_001, at));
        Assert.Equal(CouponState.Expired, CouponStates.AfterUndo(1_000_000, at));
    }

    // Around a midnight that comes twice the later instant may be of the earlier day.
    private static bool IsSetBack(DateTimeOffset issuedAt, long later, TimeZoneInfo zone) => Day(issuedAt, zone) > Day(issuedAt.AddMilliseconds(later), zone);

    private static DateOnly Day(DateTimeOffset instant, TimeZoneInfo zone) => DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, zone).DateTime);

    private static DateTimeOffset At(string text) => DateTimeOffset.Parse(text, System.Globalization.CultureInfo.InvariantCulture);
}
