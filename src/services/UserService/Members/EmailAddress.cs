using System.Diagnostics.CodeAnalysis;

namespace FirstCome.UserService.Members;

/// <summary>
/// The shape of an e-mail address: that of HTML's input of type email, at least two labels after the @, up to 254 characters in all (RFC 5321) and 64 before
/// the @. Kept in lower case: mailboxes that differ by case alone are one account.
/// </summary>
internal static class EmailAddress
{
    public const int LengthMax = 254;
    private const int LocalLengthMax = 64, LabelLengthMax = 63;
    private const string Rule = "must be an e-mail address such as name@example.com";

    public static bool TryNormalize(string? text, out string email, [NotNullWhen(false)] out string? problem)
    {
        email = "";
        problem = text switch
        {
            null or "" => "is missing; give an e-mail address",
            { Length: > LengthMax } => $"must have at most {LengthMax} characters",
            _ when !HasShape(text) => Rule,
            _ => null,
        };
        if (problem is not null) { return false; }
        email = text!.ToLowerInvariant();
        return true;
    }

    private static bool HasShape(string text)
    {
        var at = text.IndexOf('@', StringComparison.Ordinal);
        if (at is < 1 or > LocalLengthMax) { return false; }
        var local = text.AsSpan(0, at);
        foreach (var character in local)
        {
            if (!char.IsAsciiLetterOrDigit(character) && !".!#$%&'*+/=?^_`{|}~-".Contains(character)) { return false; }
        }
        if (local[0] == '.' || local[^1] == '.' || local.Contains("..", StringComparison.Ordinal)) { return false; }
        var labels = text[(at + 1)..].Split('.');
        return labels.Length >= 2 && labels.All(IsLabel);
    }

    private static bool IsLabel(string label) =>
        label.Length is >= 1 and <= LabelLengthMax && label[0] != '-' && label[^1] != '-'
            && label.All(character => char.IsAsciiLetterOrDigit(character) || character == '-');
}
