using System.Data.Common;
using Dapper;
using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Sessions;
using FirstCome.UserService.Standing;

namespace FirstCome.UserService.Members;

/// <summary>
/// <c>DELETE /api/users/me</c>: everything personal goes, for good; the id stays, because the ledger and other people's sequence numbers refer to it. The
/// address may sign up again, as somebody else.
/// </summary>
internal static class EraseMember
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapDelete("/api/users/me", HandleAsync).RequireMember()
        .WithName("EraseMember").WithTags("Users").WithSummary("Erase the caller's own account")
        .WithDescription(
            "E-mail address, name, password, attributes and sessions are deleted and cannot be had back; every token is refused within five seconds. "
            + "What was issued stays in the ledger under the id alone. The last admin cannot go.")
        .Produces(204).ProducesProblems(401, 409, 412, 503);

    private static async Task<IResult> HandleAsync(HttpContext context, Database database, StandingOutbox outbox, TimeProvider time)
    {
        var id = context.Caller().MemberId;
        var refusal = await database.WriteAsync(async (connection, transaction, token) =>
        {
            var now = time.GetUtcNow();
            var member = await MemberTable.LockAsync(connection, transaction, database.Dialect, id, token);
            if (member is not { Active: true }) { return Problems.Result(ProblemTypes.Unauthenticated); }
            if (EntityTag.Check(context.Request, member.Version, required: false) is { } moved) { return moved; }
            if (member.Roles.HasFlag(Role.Admin) && await IsLastAdminAsync(connection, transaction, database.Dialect, id, token))
            {
                return Problems.Result(ProblemTypes.Conflict, "This is the last admin who can sign in. Give another account the role first.");
            }
            var erased = await StandingOutbox.AddAsync(connection, transaction, member.Erased(now), now, token);
            await MemberTable.SaveAsync(connection, transaction, erased, token);
            await SessionTable.EndAllAsync(connection, transaction, id, token);
            await GuessLimits.ForgetAsync(connection, transaction, member.Email!, token);
            await connection.ExecuteAsync(new CommandDefinition(
                """
                DELETE FROM password_reset WHERE member_id = @id;
                UPDATE administrative_change SET before_document = NULL, after_document = NULL WHERE member_id = @id;
                """, new { id = MemberTable.Key(id) }, transaction, cancellationToken: token));
            return null;
        }, context.RequestAborted);
        if (refusal is not null) { return refusal; }
        outbox.Announce();
        return Results.NoContent();
    }

    // Roles above 1: more than member. Few have that, so the index finds them at once. Locked: of the last two admins, who both go at once, one stays.
    private static async Task<bool> IsLastAdminAsync(DbConnection connection, DbTransaction transaction, SqlDialect dialect, Guid id, CancellationToken cancellationToken)
    {
        var others = await connection.QueryAsync<byte[]>(new CommandDefinition(
            $"""
            SELECT member_id FROM member
            WHERE roles > 1 AND (roles & @admin) <> 0 AND locked = 0 AND erased_at IS NULL AND member_id <> @id{dialect.ForUpdate}
            """, new { admin = (int)Role.Admin, id = MemberTable.Key(id) }, transaction, cancellationToken: cancellationToken));
        return !others.Any();
    }
}
