using System.Globalization;
using FirstCome.Contracts.Coupons;

namespace FirstCome.Web.Console.Claims;

/// <summary>What an operator typed to find a claim.</summary>
internal enum QuestionKind { Sequence, MemberId, Email, Code, None }

/// <summary>One field for every way to a claim: a number, a member's id or e-mail address, a coupon's code.</summary>
internal readonly record struct Question(QuestionKind Kind, string Text)
{
    public const int LengthMax = 320;

    public static Question Read(string? typed)
    {
        var text = (typed ?? "").Trim();
        if (text.Length is 0 or > LengthMax) { return new(QuestionKind.None, ""); }
        if (text.Contains('@', StringComparison.Ordinal)) { return new(QuestionKind.Email, text); }
        if (Guid.TryParse(text, out var id)) { return new(QuestionKind.MemberId, id.ToString("D")); }
        var number = text.TrimStart('#').Replace(",", "", StringComparison.Ordinal);
        if (long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) && sequence > 0) { return new(QuestionKind.Sequence, sequence.ToString(CultureInfo.InvariantCulture)); }
        return CouponCode.TryParse(text, out var code) ? new(QuestionKind.Code, code) : new(QuestionKind.None, text);
    }
}
