using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.CouponService.Coupons;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Redemptions;

/// <summary><c>GET /api/coupons/{code}/redemptions/{id}</c>: where the <c>Location</c> of a new redemption leads, for the merchant who made it.</summary>
internal static class GetRedemption
{
    public static async Task<IResult> HandleAsync(string code, Guid id, HttpContext context, Database database, CancellationToken cancellationToken)
    {
        if (CouponAnswers.Mistyped(code, out var parsed) is { } mistyped) { return mistyped; }
        var key = id.ToByteArray(bigEndian: true);
        var row = await database.ReadAsync((connection, token) => RedemptionRow.FindAsync(connection, null, key, "", token), cancellationToken);
        if (row is null || !row.IsOf(parsed, context.Caller().MemberId)) { return Unknown(); }
        EntityTag.Set(context.Response, row.Tag);
        return Results.Ok(row.ToRedemption());
    }

    /// <summary>404: there is none, or another merchant made it.</summary>
    public static IResult Unknown() => Problems.Result(ProblemTypes.NotFound, "This account made no such redemption of this coupon. Check code and id.");
}
