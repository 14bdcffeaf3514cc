using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Administration;

/// <summary>
/// <c>POST /api/users/{id}/lock</c> and <c>/unlock</c>. A locked account cannot sign in or refresh, its sessions end, and its tokens are refused everywhere,
/// also after it was unlocked.
/// </summary>
internal static class LockMember
{
    private static readonly AdministrativeOrder s_lock = new("lock", VersionRequired: false, Refuse, Lock);
    private static readonly AdministrativeOrder s_unlock = new("unlock", VersionRequired: false, (_, _) => null, (member, _) => member with { Locked = false });

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost("/api/users/{id}/lock", (Guid id, HttpContext context, AdministrativeChange change) => change.RunAsync(context, id, s_lock))
            .RequireRole(Role.Admin).WithName("LockMember").WithTags("Administration").WithSummary("Lock an account")
            .WithDescription("Its sessions end at once, and every service refuses its tokens within five seconds. Admins cannot lock themselves.")
            .Produces<User>().ProducesProblems(400, 401, 403, 404, 409, 412, 503);
        routes.MapPost("/api/users/{id}/unlock", (Guid id, HttpContext context, AdministrativeChange change) => change.RunAsync(context, id, s_unlock))
            .RequireRole(Role.Admin).WithName("UnlockMember").WithTags("Administration").WithSummary("Unlock an account")
            .WithDescription("The member must sign in again; what was signed out by the lock stays so.")
            .Produces<User>().ProducesProblems(400, 401, 403, 404, 412, 503);
    }

    internal static IResult? Refuse(Guid admin, Member member) =>
        member.Id == admin ? Problems.Result(ProblemTypes.Conflict, "Admins cannot lock themselves; another admin can.") : null;

    private static Member Lock(Member member, DateTimeOffset now) => member.Locked ? member : (member with { Locked = true }).WithTokensRefused(now);
}
