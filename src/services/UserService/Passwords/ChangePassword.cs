using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;
using FirstCome.UserService.Sessions;
using FirstCome.UserService.Standing;
using Microsoft.AspNetCore.Identity;

namespace FirstCome.UserService.Passwords;

/// <param name="Current">The password that is good now.</param>
/// <param name="New">10 to 128 characters, not the e-mail address, none of the commonest, another than <paramref name="Current"/>.</param>
internal sealed record ChangePasswordRequest(string? Current = null, string? New = null);

/// <summary>
/// <c>PUT /api/users/me/password</c>: ends every session and refuses every token that was issued before. The present password is its precondition;
/// <c>If-Match</c> is honoured, not needed.
/// </summary>
internal sealed class ChangePassword(Database database, PasswordHashing hashing, GuessLimits limits, StandingOutbox outbox, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPut("/api/users/me/password", (ChangePasswordRequest request, HttpContext context, ChangePassword change) =>
            change.HandleAsync(request, context)).RequireMember()
        .WithName("ChangePassword").WithTags("Users").WithSummary("Change the caller's own password")
        .WithDescription("Every session ends and every access token is refused within five seconds: sign in again with the new password.")
        .Produces(204).ProducesProblems(400, 401, 409, 412, 429, 503);

    private async Task<IResult> HandleAsync(ChangePasswordRequest request, HttpContext context)
    {
        var aborted = context.RequestAborted;
        var member = await database.ReadAsync((connection, token) => MemberTable.FindAsync(connection, context.Caller().MemberId, token), aborted);
        if (member is not { Active: true, Email: { } email, PasswordHash: { } hash }) { return Problems.Result(ProblemTypes.Unauthenticated); }
        var errors = new FieldErrors();
        var current = PasswordRules.Read(request.Current, errors, "current");
        var next = PasswordRules.ReadNew(request.New, email, errors, "new");
        if (next.Length > 0 && next == current) { errors.Add("new", "must be another than the present password"); }
        if (errors.Any) { return errors.ToResult(); }
        if (EntityTag.Check(context.Request, member.Version, required: false) is { } moved) { return moved; }

        // Whoever has stolen an access token must not be able to try passwords with it.
        var address = context.Connection.RemoteIpAddress;
        if (await limits.RefuseAsync(Secret.Password, email, address, aborted) is { } early) { return early; }
        string newHash;
        using (var slot = await hashing.EnterAsync(aborted))
        {
            if (slot is null) { return PasswordHashing.Busy(); }
            if (await limits.RefuseAsync(Secret.Password, email, address, aborted) is { } late) { return late; }
            if (await slot.VerifyAsync(hash, current) == PasswordVerificationResult.Failed)
            {
                await limits.CountAsync(Secret.Password, email, address);
                errors.Add("current", "is not the present password");
                return errors.ToResult();
            }
            newHash = await slot.HashAsync(next);
        }
        var done = await database.WriteAsync(async (connection, transaction, token) =>
        {
            var now = time.GetUtcNow();
            var locked = await MemberTable.LockAsync(connection, transaction, database.Dialect, member.Id, token);
            return locked is { Active: true } && locked.PasswordHash == hash
                && await NewPassword.SetAsync(connection, transaction, locked, newHash, now, token);
        }, aborted);
        if (!done) { return Problems.Result(ProblemTypes.Conflict, "The account was changed at the same time. Sign in again and look at it."); }
        outbox.Announce();
        return Results.NoContent();
    }
}
