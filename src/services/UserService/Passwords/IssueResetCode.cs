using Dapper;
using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Administration;
using FirstCome.UserService.Members;
using FirstCome.UserService.Sessions;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService.Passwords;

/// <summary>A one-time code; shown this once.</summary>
public sealed record IssuedResetCode(string Code, DateTimeOffset ExpiresAt);

/// <summary>
/// <c>POST /api/users/{id}/password-reset</c>: a one-time code that an admin tells the member. A new one replaces the last; the present password stays good
/// until the code is used.
/// </summary>
internal static class IssueResetCode
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/users/{id}/password-reset", HandleAsync).RequireRole(Role.Admin)
        .WithName("IssueResetCode").WithTags("Administration").WithSummary("Make a one-time code for a new password")
        .WithDescription(
            "No mail is sent: tell the member the code, who gives it to POST /api/auth/password-reset. It is shown this once, good for an hour, and "
            + "replaces an earlier one.")
        .Produces<IssuedResetCode>().ProducesProblems(400, 401, 403, 404, 412, 503);

    private static async Task<IResult> HandleAsync(Guid id, HttpContext context, Database database, IOptions<SignInOptions> options, TimeProvider time)
    {
        var admin = context.Caller().MemberId;
        var code = ResetCode.Create();
        var (refusal, expiresAt) = await database.WriteAsync(async (connection, transaction, token) =>
        {
            var now = time.GetUtcNow();
            if (await AdministrativeChange.RefuseFormerAdminAsync(connection, transaction, database.Dialect, admin, token) is { } former)
            {
                return (former, now);
            }
            var member = await MemberTable.LockAsync(connection, transaction, database.Dialect, id, token);
            if (member is null || member.ErasedAt is not null) { return (Problems.Result(ProblemTypes.NotFound, "There is no user with this id."), now); }
            if (EntityTag.Check(context.Request, member.Version, required: false) is { } moved) { return (moved, now); }
            var expiresAt = now + options.Value.ResetCodeLifetime;
            await connection.ExecuteAsync(new CommandDefinition(
                $"""
                INSERT INTO password_reset (member_id, code_hash, expires_at) VALUES (@id, @hash, @expiresAt)
                {database.Dialect.ReplaceExisting(["member_id"], ["code_hash", "expires_at"])}
                """,
                new { id = MemberTable.Key(id), hash = ResetCode.Hash(code), expiresAt = expiresAt.ToUnixTimeMilliseconds() },
                transaction, cancellationToken: token));
            await AuditTrail.AddAsync(connection, transaction, new AuditEntry(now, admin, "password-reset", MemberId: id), token);
            return ((IResult?)null, expiresAt);
        }, context.RequestAborted);
        if (refusal is not null) { return refusal; }
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new IssuedResetCode(code, expiresAt), ApiJson.Options);
    }
}
