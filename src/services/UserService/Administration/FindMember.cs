using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Administration;

/// <summary>Who a member is, as far as an operator needs it to answer the member's question.</summary>
internal sealed record KnownMember(Guid Id, string Email, string DisplayName, DateTimeOffset MemberSince, bool Locked);

/// <summary>
/// <c>GET /api/operations/members?email=</c> or <c>?id=</c>, for operators: exactly one account, by its whole address or its id. Operators cannot browse accounts; searching is for admins.
/// </summary>
internal static class FindMember
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/api/operations/members", HandleAsync).RequireRole(Role.Operator)
        .WithName("FindMember").WithTags("Operations").WithSummary("Whose e-mail address or id it is")
        .WithDescription("By the whole address or by the id; nothing is found by a part of either.")
        .Produces<KnownMember>().ProducesProblems(400, 401, 403, 404, 503);

    private static async Task<IResult> HandleAsync(string? email, string? id, HttpContext context, Database database)
    {
        var errors = new FieldErrors();
        var (address, member) = ("", Guid.Empty);
        if (email is null == id is null) { errors.Add("email", "must be given, or id, not both"); }
        else if (email is not null && !EmailAddress.TryNormalize(email, out address, out var wrong)) { errors.Add("email", wrong); }
        else if (id is not null && !Guid.TryParseExact(id, "D", out member)) { errors.Add("id", "must be an account's id"); }
        if (errors.Any) { return errors.ToResult(); }
        var found = await database.ReadAsync(
            async (connection, token) => (await MemberTable.ListAsync(
                connection, email is null ? "WHERE member_id = @key AND erased_at IS NULL" : "WHERE email = @address AND erased_at IS NULL",
                new { key = MemberTable.Key(member), address }, token)).SingleOrDefault(),
            context.RequestAborted);
        context.Response.Headers.CacheControl = "no-store";
        return found is null
            ? Problems.Result(ProblemTypes.NotFound, "No account has this address or id.")
            : Results.Json(new KnownMember(found.Id, found.Email ?? "", found.DisplayName, found.MemberSince, found.Locked), ApiJson.Options);
    }
}
