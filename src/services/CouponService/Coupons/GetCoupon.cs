using FirstCome.Authentication;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Coupons;

/// <summary>
/// <c>GET /api/coupons/{code}</c>: one's own; any for merchants and operators. A merchant sees only redemptions of its own:
/// what others sold is not its business.
/// </summary>
internal static class GetCoupon
{
    public static async Task<IResult> HandleAsync(string code, HttpContext context, Database database, TimeProvider time, CancellationToken cancellationToken)
    {
        if (CouponAnswers.Mistyped(code, out var parsed) is { } refusal) { return refusal; }
        var caller = context.Caller();
        var row = await database.ReadAsync((connection, token) => CouponRow.FindAsync(connection, null, parsed, "", token), cancellationToken);
        if (row is null || !MaySee(caller, row)) { return CouponAnswers.Unknown(); }
        var now = time.GetUtcNow();
        EntityTag.Set(context.Response, row.TagAt(now));
        return Results.Ok(row.ToCoupon(now, MaySeeRedemption(caller, row)));
    }

    private static bool MaySee(Caller caller, CouponRow row) => caller.HasAny(Role.Merchant | Role.Operator) || IsOwn(caller, row);

    private static bool MaySeeRedemption(Caller caller, CouponRow row) =>
        IsOwn(caller, row) || caller.HasAny(Role.Operator) || (row.MerchantId is { } merchant && new Guid(merchant, bigEndian: true) == caller.MemberId);

    private static bool IsOwn(Caller caller, CouponRow row) => new Guid(row.MemberId, bigEndian: true) == caller.MemberId;
}
