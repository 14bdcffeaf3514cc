using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Administration;

/// <param name="Roles">All roles of the account; <c>member</c> may be left out.</param>
internal sealed record SetRolesRequest(IReadOnlyList<string?>? Roles = null);

/// <summary>
/// <c>PUT /api/users/{id}/roles</c>. Tokens issued before are refused, so that the roles take effect at once; sessions go on and get tokens with the new roles.
/// </summary>
internal static class SetRoles
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPut("/api/users/{id}/roles", HandleAsync).RequireRole(Role.Admin)
        .WithName("SetRoles").WithTags("Administration").WithSummary("Set an account's roles")
        .WithDescription(
            "Needs If-Match. Takes effect on every service within five seconds: tokens issued before are refused, a refresh gives one with the new "
            + "roles. Admins cannot take the role admin from themselves.")
        .Produces<User>().ProducesProblems(400, 401, 403, 404, 409, 412, 428, 503);

    private static async Task<IResult> HandleAsync(Guid id, SetRolesRequest request, HttpContext context, AdministrativeChange change)
    {
        var errors = new FieldErrors();
        var roles = MemberRules.Roles(request.Roles, errors);
        if (errors.Any) { return errors.ToResult(); }
        return await change.RunAsync(context, id, new AdministrativeOrder(
            "roles", VersionRequired: true, (admin, member) => Refuse(admin, member, roles), (member, now) => Apply(member, roles, now)));
    }

    internal static IResult? Refuse(Guid admin, Member member, Role roles) => member.Id == admin && !roles.HasFlag(Role.Admin)
        ? Problems.Result(ProblemTypes.Conflict, "Admins cannot take the role admin from themselves; another admin can.") : null;

    internal static Member Apply(Member member, Role roles, DateTimeOffset now) =>
        member.Roles == roles ? member : (member with { Roles = roles }).WithTokensRefused(now);
}
