using System.Text;
using FirstCome.ServiceDefaults;

namespace FirstCome.UserService.Passwords;

/// <summary>
/// What a password may be (NIST SP 800-63B): length and unlikeliness, no rules about kinds of characters. Counted and hashed in NFC, so that the same keys give
/// the same password on every keyboard; never trimmed.
/// </summary>
internal static class PasswordRules
{
    public const int LengthMin = 10, LengthMax = 128;

    /// <summary>The form that is hashed. Where the text is no possible password the reason is added under the field's name.</summary>
    public static string Read(string? password, FieldErrors errors, string field)
    {
        if (string.IsNullOrEmpty(password)) { errors.Add(field, "is missing; give a password"); return ""; }
        if (password.Length > LengthMax * 4) { errors.Add(field, $"must have at most {LengthMax} characters"); return ""; }
        if (!RequestText.Clean(password, 0, int.MaxValue, out _, out var problem)) { errors.Add(field, problem); return ""; }
        var normalised = password.Normalize(NormalizationForm.FormC);
        if (normalised.Length > LengthMax) { errors.Add(field, $"must have at most {LengthMax} characters"); return ""; }
        return normalised;
    }

    /// <summary>As <see cref="Read"/>, for a password to be set: every rule that it breaks is told.</summary>
    public static string ReadNew(string? password, string email, FieldErrors errors, string field)
    {
        var read = Read(password, errors, field);
        if (read.Length == 0) { return ""; }
        if (read.Length < LengthMin) { errors.Add(field, $"must have {LengthMin} to {LengthMax} characters"); }
        if (email.Length > 0 && (Same(read, email) || Same(read, email[..email.IndexOf('@', StringComparison.Ordinal)])))
        {
            errors.Add(field, "must not be the e-mail address");
        }
        if (CommonPasswords.Contains(read)) { errors.Add(field, "must not be one of the commonest passwords"); }
        return read;
    }

    private static bool Same(string password, string text) => string.Equals(password, text, StringComparison.OrdinalIgnoreCase);
}
