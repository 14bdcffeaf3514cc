using FirstCome.Authentication;
using FirstCome.Contracts.Messages;

namespace FirstCome.UserService.Members;

/// <summary>A member as the row stands. <see cref="Email"/> and <see cref="PasswordHash"/> are null once erased.</summary>
/// <param name="TokensValidFrom">Whole seconds; access tokens issued before are refused.</param>
/// <param name="StandingAt">The instant of the last standing that was announced.</param>
/// <param name="Version">Counts changes, from 1; the entity tag.</param>
internal sealed record Member(
    Guid Id, string? Email, string? PasswordHash, string DisplayName, string Locale, Role Roles, string Grade, IReadOnlyList<string> Tags,
    DateTimeOffset MemberSince,
    int? BirthMonth, bool Locked, DateTimeOffset? ErasedAt, DateTimeOffset TokensValidFrom, DateTimeOffset StandingAt, int Version)
{
    /// <summary>Whether requests and refreshes of this member are answered.</summary>
    public bool Active => !Locked && ErasedAt is null;

    /// <summary>What conditions of campaigns are judged by.</summary>
    public MemberAttributes Attributes => new(Grade, Tags, MemberSince, BirthMonth);

    /// <summary>A member who has just signed up.</summary>
    public static Member New(string email, string passwordHash, string displayName, string locale, Role roles, DateTimeOffset now)
    {
        // As the row keeps it, so that the first answer says what every later one says.
        var since = DateTimeOffset.FromUnixTimeMilliseconds(now.ToUnixTimeMilliseconds());
        return new Member(
            Guid.CreateVersion7(now), email, passwordHash, displayName, locale, roles | Role.Member, "", [], since, null, false, null,
            DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds()), since, 1);
    }

    /// <summary>
    /// The same member with every token issued until now refused. Tokens carry whole seconds, so the border is the next full second; a token made within the
    /// rest of this one carries the border as its time of issue (<see cref="Tokens.TokenTimes"/>), so nobody has to wait.
    /// </summary>
    public Member WithTokensRefused(DateTimeOffset now)
    {
        var border = DateTimeOffset.FromUnixTimeSeconds(now.ToUnixTimeSeconds() + 1);
        return border > TokensValidFrom ? this with { TokensValidFrom = border } : this;
    }

    /// <summary>What is left of a member who asked to be forgotten: the id, since when and until when; nothing that says who it was.</summary>
    public Member Erased(DateTimeOffset now) => WithTokensRefused(now) with
    {
        Email = null,
        PasswordHash = null,
        DisplayName = "",
        Locale = MemberRules.LocaleDefault,
        Roles = Role.Member,
        Grade = "",
        Tags = [],
        BirthMonth = null,
        ErasedAt = now,
    };
}
