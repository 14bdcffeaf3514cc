using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;
using FirstCome.UserService.Standing;

namespace FirstCome.UserService.Sessions;

/// <summary><c>POST /api/auth/sign-out-everywhere</c>: ends every session of the caller and, within seconds, every access token.</summary>
internal static class SignOutEverywhere
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/auth/sign-out-everywhere", HandleAsync).RequireMember()
        .WithName("SignOutEverywhere").WithTags("Sessions").WithSummary("End every session")
        .WithDescription(
            "Every refresh token is good no more at once; access tokens are refused by every service within five seconds, the one of this request too.")
        .Produces(204).ProducesProblems(401, 503);

    private static async Task<IResult> HandleAsync(HttpContext context, Database database, StandingOutbox outbox, TimeProvider time)
    {
        var id = context.Caller().MemberId;
        var done = await database.WriteAsync(async (connection, transaction, token) =>
        {
            var now = time.GetUtcNow();
            var member = await MemberTable.LockAsync(connection, transaction, database.Dialect, id, token);
            if (member is not { Active: true }) { return false; }
            member = await StandingOutbox.AddAsync(connection, transaction, member.WithTokensRefused(now), now, token);
            await MemberTable.SaveAsync(connection, transaction, member, token);
            await SessionTable.EndAllAsync(connection, transaction, id, token);
            return true;
        }, context.RequestAborted);
        if (!done) { return Problems.Result(ProblemTypes.Unauthenticated); }
        outbox.Announce();
        return Results.NoContent();
    }
}
