using FirstCome.Authentication;
using FirstCome.ServiceDefaults;

namespace FirstCome.UserService.Members;

/// <summary>What a member's fields may be; each refusal is a sentence under the field's name.</summary>
internal static class MemberRules
{
    public const int DisplayNameMax = 50, GradeMax = 30, TagsMax = 20, TagMax = 30;
    public const string LocaleDefault = "ko";
    private static readonly string[] s_locales = ["ko", "en"];

    public static string Email(string? text, FieldErrors errors, string field = "email")
    {
        if (!EmailAddress.TryNormalize(text, out var email, out var problem)) { errors.Add(field, problem); }
        return email;
    }

    public static string DisplayName(string? text, FieldErrors errors) => RequestText.Clean(text, 1, DisplayNameMax, errors, "displayName");

    public static string Locale(string? text, FieldErrors errors)
    {
        if (text is not null && s_locales.Contains(text, StringComparer.Ordinal)) { return text; }
        errors.Add("locale", "must be ko or en");
        return LocaleDefault;
    }

    public static int? BirthMonth(int? month, FieldErrors errors)
    {
        if (month is < 1 or > 12) { errors.Add("birthMonth", "must be between 1 and 12"); }
        return month;
    }

    /// <summary>A list from a request. <c>member</c> may be left out: every account has it.</summary>
    public static Role Roles(IReadOnlyList<string?>? names, FieldErrors errors)
    {
        const int rolesMax = 4;
        if (names is null) { errors.Add("roles", "is missing; give the list of roles, or [] for a member alone"); return Role.Member; }
        if (names.Count > rolesMax) { errors.Add("roles", "must name each role once"); return Role.Member; }
        var roles = Role.Member;
        for (var i = 0; i < names.Count; i++)
        {
            if (!Authentication.Roles.TryParse(names[i], out var role)) { errors.Add($"roles[{i}]", "must be one of member, merchant, operator, admin"); }
            roles |= role;
        }
        return roles;
    }

    /// <summary>Empty: no grade.</summary>
    public static string Grade(string? text, FieldErrors errors)
    {
        if (text is null) { errors.Add("grade", "is missing; give a grade, or \"\" for none"); return ""; }
        return Label(text, 0, GradeMax, errors, "grade");
    }

    /// <summary>Each once, in the order given.</summary>
    public static IReadOnlyList<string> Tags(IReadOnlyList<string?>? tags, FieldErrors errors)
    {
        if (tags is null) { errors.Add("tags", "is missing; give a list of tags, or []"); return []; }
        if (tags.Count > TagsMax) { errors.Add("tags", $"must have at most {TagsMax} tags"); return []; }
        var clean = tags.Select((tag, index) => Label(tag, 1, TagMax, errors, $"tags[{index}]")).ToList();
        var distinct = clean.Distinct(StringComparer.Ordinal).ToList();
        if (distinct.Count < clean.Count && !errors.Any) { errors.Add("tags", "must name each tag once"); }
        return distinct;
    }

    // Grade and tags travel in every access token, which may have 4 KiB: hence their bounds, and no characters of more than three bytes.
    private static string Label(string? text, int minimum, int maximum, FieldErrors errors, string field)
    {
        var clean = RequestText.Clean(text, minimum, maximum, errors, field);
        if (clean.All(character => char.IsLetterOrDigit(character) || "-_.:/ ".Contains(character))) { return clean; }
        errors.Add(field, "must consist of letters, digits, spaces and - _ . : /");
        return "";
    }
}
