using System.Globalization;
using FirstCome.Contracts.Coupons;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Coupons;

/// <summary>Answers that endpoints with a code in their path have in common. None of them says who did something, only when.</summary>
internal static class CouponAnswers
{
    /// <summary>
    /// Reads the code as a person typed it. Null, and the canonical code, where it can be one. A code that cannot is 404 like any other that nobody holds,
    /// but the detail says that it was mistyped: the rule is public, so that gives nothing away.
    /// </summary>
    public static IResult? Mistyped(string typed, out string code) => CouponCode.TryParse(typed, out code)
        ? null
        : Problems.Result(
            ProblemTypes.NotFound,
            "No coupon can have this code: a character is wrong, missing or too many. Compare it with the coupon, character by character.");

    /// <summary>404: nobody holds it, or somebody whose coupons the caller may not see.</summary>
    public static IResult Unknown() => Problems.Result(ProblemTypes.NotFound, "There is no such coupon for this account. Check the code.");

    public static IResult Cancelled(CouponRow row)
    {
        var at = row.CancelledAt!.Value;
        return Problems.Result(ProblemTypes.CouponCancelled, $"The coupon was cancelled at {At(at)}.", Extension("cancelledAt", CouponRow.Instant(at)));
    }

    public static IResult Used(CouponRow row, string whatToDo)
    {
        var at = row.UsedAt!.Value;
        return Problems.Result(
            ProblemTypes.CouponUsed, $"The coupon was used by another order at {At(at)}. {whatToDo}", Extension("usedAt", CouponRow.Instant(at)));
    }

    public static IResult Expired(CouponRow row, string whatItMeans) =>
        Problems.Result(
            ProblemTypes.CouponExpired, $"The coupon expired at {At(row.ExpiresAt)}{whatItMeans}.", Extension("expiresAt", CouponRow.Instant(row.ExpiresAt)));

    public static Dictionary<string, object?> Extension(string name, object value) => new() { [name] = value };

    private static string At(long ms) => CouponRow.Instant(ms).UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
}
