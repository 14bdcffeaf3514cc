using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;

namespace FirstCome.UserService.Administration;

/// <summary><c>GET /api/users?query=</c> and <c>GET /api/users/{id}</c>, for admins.</summary>
internal static class SearchUsers
{
    private const int QueryMax = 100;

    public static void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/api/users", ListAsync).RequireRole(Role.Admin)
            .WithName("SearchUsers").WithTags("Administration").WithSummary("Search accounts")
            .WithDescription(
                "Whose e-mail address or display name contains the query, or whose id it is; all without one. The newest first; erased accounts are not "
                + "shown.")
            .Produces<Page<User>>().ProducesProblems(400, 401, 403, 503);
        routes.MapGet("/api/users/{id}", ReadAsync).RequireRole(Role.Admin)
            .WithName("ReadUser").WithTags("Administration").WithSummary("An account")
            .WithDescription("With its ETag, which a change must name.")
            .Produces<User>().ProducesProblems(400, 401, 403, 404, 503);
    }

    private static async Task<IResult> ListAsync(string? query, PageRequest page, HttpContext context, Database database)
    {
        var errors = new FieldErrors();
        var text = RequestText.Clean(query, 0, QueryMax, errors, "query");
        var after = Guid.Empty;
        if (page.TryDecodeAfter(1, out var parts, errors) && parts is not null && !Guid.TryParse(parts[0], out after)) { errors.Add("after", Cursor.Rule); }
        if (errors.Any) { return errors.ToResult(); }

        // Ids begin with the instant of signing up, so their order is that of age.
        var conditions = new List<string> { "erased_at IS NULL" };
        if (parts is not null) { conditions.Add("member_id < @after"); }
        if (text.Length > 0) { conditions.Add("(email LIKE @folded ESCAPE '!' OR display_name LIKE @pattern ESCAPE '!' OR LOWER(display_name) LIKE @folded ESCAPE '!' OR member_id = @id)"); }
        var parameters = new
        {
            after = MemberTable.Key(after),
            pattern = Pattern(text),
            // Case does not count; which letters have one, each database decides for itself, hence the text as it is besides.
            folded = Pattern(text.ToLowerInvariant()),
            id = MemberTable.Key(Guid.TryParse(text, out var id) ? id : Guid.Empty),
            limit = page.Limit + 1,
        };
        var members = await database.ReadAsync(
            (connection, token) => MemberTable.ListAsync(connection, $"WHERE {string.Join(" AND ", conditions)} ORDER BY member_id DESC LIMIT @limit",
            parameters, token), context.RequestAborted);
        var items = members.Take(page.Limit).ToList();
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new Page<User>([.. items.Select(User.Of)], members.Count > page.Limit ? Cursor.Encode(items[^1].Id.ToString()) : null),
            ApiJson.Options);
    }

    private static async Task<IResult> ReadAsync(Guid id, HttpContext context, Database database)
    {
        var member = await database.ReadAsync((connection, token) => MemberTable.FindAsync(connection, id, token), context.RequestAborted);
        return member is { ErasedAt: null } ? ReadProfile.Answer(context, member) : Problems.Result(ProblemTypes.NotFound, "There is no user with this id.");
    }

    /// <summary>Contains the text, taken literally.</summary>
    internal static string Pattern(string text) =>
        $"%{text.Replace("!", "!!", StringComparison.Ordinal).Replace("%", "!%", StringComparison.Ordinal).Replace("_", "!_", StringComparison.Ordinal)}%";
}
