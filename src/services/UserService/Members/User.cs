namespace FirstCome.UserService.Members;

/// <summary>A member as the API shows it, to the member and to admins.</summary>
/// <param name="Email">In lower case.</param>
/// <param name="Locale"><c>ko</c> or <c>en</c>.</param>
/// <param name="Roles">Of <c>member</c>, <c>merchant</c>, <c>operator</c>, <c>admin</c>; always with <c>member</c>.</param>
/// <param name="Grade">Empty when none was given.</param>
/// <param name="BirthMonth">1 to 12; absent until told.</param>
public sealed record User(
    Guid Id, string Email, string DisplayName, string Locale, IReadOnlyList<string> Roles, string Grade, IReadOnlyList<string> Tags,
    DateTimeOffset MemberSince, int? BirthMonth, bool Locked)
{
    internal static User Of(Member member) => new(
        member.Id, member.Email ?? "", member.DisplayName, member.Locale, FirstCome.Authentication.Roles.Names(member.Roles), member.Grade, member.Tags,
        member.MemberSince, member.BirthMonth, member.Locked);
}
