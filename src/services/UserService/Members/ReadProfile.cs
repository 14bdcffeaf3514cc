using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.UserService.Members;

/// <summary><c>GET /api/users/me</c>.</summary>
internal static class ReadProfile
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/users/me", HandleAsync).RequireMember()
        .WithName("ReadProfile").WithTags("Users").WithSummary("The caller's own account")
        .WithDescription("With its ETag, which a change must name.")
        .Produces<User>().ProducesProblems(401, 503);

    private static async Task<IResult> HandleAsync(HttpContext context, Database database)
    {
        var member = await database.ReadAsync((connection, token) =>
            MemberTable.FindAsync(connection, context.Caller().MemberId, token), context.RequestAborted);
        if (member is not { Active: true }) { return Problems.Result(ProblemTypes.Unauthenticated); }
        return Answer(context, member);
    }

    /// <summary>A user with the entity tag of its version; of a person, hence kept by no cache.</summary>
    public static IResult Answer(HttpContext context, Member member)
    {
        context.Response.Headers.CacheControl = "no-store";
        EntityTag.Set(context.Response, member.Version);
        return Results.Json(User.Of(member), ApiJson.Options);
    }
}
