using FirstCome.Contracts.Messages;
using Microsoft.AspNetCore.Http;

namespace FirstCome.Authentication;

/// <summary>What an account may do. Roles do not imply each other; every account is a member.</summary>
[Flags]
public enum Role
{
    None = 0,
    Member = 1,
    Merchant = 2,
    Operator = 4,
    Admin = 8,
}

/// <summary>Names of roles as tokens and the API carry them.</summary>
public static class Roles
{
    /// <summary>The roles in lower case, in the order of the enum.</summary>
    public static IReadOnlyList<string> Names(Role roles) =>
        [.. Each.Where(role => roles.HasFlag(role.Role)).Select(role => role.Name)];

    /// <summary>Reads one name; false for anything that is none of the four.</summary>
    public static bool TryParse(string? name, out Role role)
    {
        foreach (var each in Each)
        {
            if (each.Name == name) { role = each.Role; return true; }
        }
        role = Role.None;
        return false;
    }

    private static readonly (Role Role, string Name)[] Each = [(Role.Member, "member"), (Role.Merchant, "merchant"), (Role.Operator, "operator"), (Role.Admin, "admin")];
}

/// <summary>Who calls, as a valid token says.</summary>
/// <param name="MemberId">The token's <c>sub</c>.</param>
/// <param name="Attributes">What conditions are judged by: the token's, or newer ones from the topic <c>member.changed</c>.</param>
/// <param name="RehearsalCampaign">Set for a synthetic member: the one campaign for which the token is good.</param>
/// <param name="ExpiresAt">The token's <c>exp</c>.</param>
public sealed record Caller(Guid MemberId, Role Roles, MemberAttributes Attributes, Guid? RehearsalCampaign, DateTimeOffset ExpiresAt)
{
    /// <summary>Whether the caller has at least one of the roles.</summary>
    public bool HasAny(Role roles) => (Roles & roles) != 0;
}

/// <summary>Access to the caller of a request.</summary>
public static class Callers
{
    /// <summary>The caller; only behind an endpoint that requires one.</summary>
    /// <exception cref="InvalidOperationException">The endpoint lacks <c>RequireMember()</c> or its like.</exception>
    public static Caller Caller(this HttpContext context) =>
        context.CallerOrNull() ?? throw new InvalidOperationException("The endpoint must require a member, a role or a claimant before it asks for the caller.");

    /// <summary>The caller, or null where the request carries no valid token.</summary>
    public static Caller? CallerOrNull(this HttpContext context) => context.Features.Get<Caller>();
}
