using System.Globalization;
using Dapper;
using FirstCome.Authentication;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Coupons;

/// <summary><c>GET /api/coupons/me?state=</c>: the caller's coupons, newest first. State is judged by the clock, as everywhere.</summary>
internal static class ListMyCoupons
{
    public static async Task<IResult> HandleAsync(
        string? state, PageRequest page, HttpContext context, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        var errors = new FieldErrors();
        CouponState? wanted = null;
        if (state is not null)
        {
            if (CouponStates.TryParse(state, out var known)) { wanted = known; }
            else { errors.Add("state", "must be issued, used, cancelled or expired"); }
        }
        var before = long.MaxValue;
        if (page.TryDecodeAfter(1, out var parts, errors) && parts is not null
            && !long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out before))
        {
            errors.Add("after", Cursor.Rule);
        }
        if (errors.Any) { return errors.ToResult(); }

        var now = time.GetUtcNow();
        var sql = $"""
            {CouponRow.Select}
            WHERE c.member_id = @member AND c.id < @before AND t.rehearsal = @no{Condition(wanted)}
            ORDER BY c.id DESC LIMIT @limit
            """;
        var member = context.Caller().MemberId.ToByteArray(bigEndian: true);
        var parameters = new { member, before, no = false, now = now.ToUnixTimeMilliseconds(), limit = page.Limit + 1 };
        var rows = await database.ReadAsync(
            async (connection, token) => (await connection.QueryAsync<CouponRow>(new CommandDefinition(sql, parameters, cancellationToken: token))).AsList(),
            cancellationToken);
        var items = rows.Take(page.Limit).Select(row => row.ToCoupon(now, withRedemption: true)).ToList();
        var next = rows.Count > page.Limit ? Cursor.Encode(rows[page.Limit - 1].Id.ToString(CultureInfo.InvariantCulture)) : null;
        return Results.Ok(new Page<Coupon>(items, next));
    }

    private static string Condition(CouponState? wanted) => wanted switch
    {
        null => "",
        CouponState.Issued => " AND c.state = 1 AND c.expires_at > @now",
        CouponState.Expired => " AND (c.state = 4 OR (c.state = 1 AND c.expires_at <= @now))",
        CouponState.Used => " AND c.state = 2",
        CouponState.Cancelled => " AND c.state = 3",
        _ => throw new ArgumentOutOfRangeException(nameof(wanted), wanted, "No such state of a coupon."),
    };
}
