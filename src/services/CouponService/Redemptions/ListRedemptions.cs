using System.Globalization;
using Dapper;
using FirstCome.Authentication;
using FirstCome.CouponService.Issuance;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Redemptions;

/// <summary>
/// <c>GET /api/redemptions?day=</c>: what the merchant redeemed on a day of <c>Asia/Seoul</c>, oldest first, so that pages stay right while the day goes on;
/// undone ones too. Without <c>day</c>: today. Coupons of rehearsals cannot be redeemed, so none stands here.
/// </summary>
internal static class ListRedemptions
{
    private static readonly TimeZoneInfo s_zone = TimeZoneInfo.FindSystemTimeZoneById("Asia/Seoul");
    private static readonly DateOnly s_dayMin = new(2000, 1, 1), s_dayMax = new(2100, 12, 31);

    public static async Task<IResult> HandleAsync(
        string? day, PageRequest page, HttpContext context, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        var date = DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(time.GetUtcNow(), s_zone).DateTime);
        if (day is not null
            && (!DateOnly.TryParseExact(day, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out date) || date < s_dayMin || date > s_dayMax))
        {
            errors.Add("day", "must be a date from 2000-01-01 to 2100-12-31, for instance 2030-01-31; it is a day in Asia/Seoul");
        }
        (long At, Guid Id) after = default;
        if (page.TryDecodeAfter(2, out var parts, errors) && parts is not null && !TryReadPosition(parts, out after)) { errors.Add("after", Cursor.Rule); }
        if (errors.Any) { return errors.ToResult(); }

        var parameters = new
        {
            merchant = context.Caller().MemberId.ToByteArray(bigEndian: true),
            // A later page begins where the last one ended, not at the day's beginning.
            start = Math.Max(CouponExpiry.StartOfDay(date, s_zone).ToUnixTimeMilliseconds(), after.At),
            end = CouponExpiry.StartOfDay(date.AddDays(1), s_zone).ToUnixTimeMilliseconds(),
            afterAt = after.At,
            afterId = after.Id.ToByteArray(bigEndian: true),
            limit = page.Limit + 1,
        };
        var rows = await database.ReadAsync(
            async (connection, token) => (await connection.QueryAsync<RedemptionRow>(new CommandDefinition(
                $"""
                {RedemptionRow.Select}
                WHERE r.merchant_id = @merchant AND r.redeemed_at >= @start AND r.redeemed_at < @end
                    AND (r.redeemed_at > @afterAt OR (r.redeemed_at = @afterAt AND r.id > @afterId))
                ORDER BY r.redeemed_at, r.id LIMIT @limit
                """,
                parameters, cancellationToken: token))).AsList(),
            cancellationToken);
        var next = rows.Count > page.Limit ? Position(rows[page.Limit - 1]) : null;
        return Results.Ok(new Page<Redemption>(rows.Take(page.Limit).Select(row => row.ToRedemption()).ToList(), next));
    }

    private static string Position(RedemptionRow row) =>
        Cursor.Encode(row.RedeemedAt.ToString(CultureInfo.InvariantCulture), new Guid(row.Id, bigEndian: true).ToString());

    private static bool TryReadPosition(string[] parts, out (long At, Guid Id) position)
    {
        position = default;
        if (!long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out var at)) { return false; }
        if (!Guid.TryParseExact(parts[1], "D", out var id)) { return false; }
        position = (at, id);
        return true;
    }
}
