using System.Data.Common;
using System.Security.Cryptography;
using Dapper;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;
using FirstCome.UserService.Sessions;
using FirstCome.UserService.Standing;

namespace FirstCome.UserService.Passwords;

/// <param name="Code">As an admin told it; case and hyphens do not count.</param>
/// <param name="NewPassword">10 to 128 characters, not the e-mail address, none of the commonest.</param>
internal sealed record ResetPasswordRequest(string? Email = null, string? Code = null, string? NewPassword = null);

/// <summary><c>POST /api/auth/password-reset</c>: sets a new password by a one-time code. Unknown address, wrong, used and expired code: one answer.</summary>
internal sealed class ResetPassword(Database database, PasswordHashing hashing, GuessLimits limits, StandingOutbox outbox, TimeProvider time)
{
    private const int CodeLengthMax = 64;

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/auth/password-reset", (ResetPasswordRequest request, HttpContext context, ResetPassword reset) =>
            reset.HandleAsync(request, context))
        .WithName("ResetPassword").WithTags("Sessions").WithSummary("Set a new password by a one-time code")
        .WithDescription(
            "An admin makes the code. Every session ends; sign in with the new password. The same answer for an unknown e-mail address and a wrong, "
            + "used or expired code.")
        .Produces(204).ProducesProblems(400, 401, 429, 503);

    private async Task<IResult> HandleAsync(ResetPasswordRequest request, HttpContext context)
    {
        var errors = new FieldErrors();
        var email = MemberRules.Email(request.Email, errors);
        if (request.Code is not { Length: > 0 and <= CodeLengthMax }) { errors.Add("code", "must be the one-time code, four groups of five characters"); }
        var password = PasswordRules.ReadNew(request.NewPassword, email, errors, "newPassword");
        if (errors.Any) { return errors.ToResult(); }

        var (address, aborted) = (context.Connection.RemoteIpAddress, context.RequestAborted);
        if (await limits.RefuseAsync(Secret.ResetCode, email, address, aborted) is { } refusal) { return refusal; }
        // Hashed before the code is looked at: who has no code learns nothing from the time.
        string newHash;
        using (var slot = await hashing.EnterAsync(aborted))
        {
            if (slot is null) { return PasswordHashing.Busy(); }
            if (await limits.RefuseAsync(Secret.ResetCode, email, address, aborted) is { } late) { return late; }
            newHash = await slot.HashAsync(password);
            if (await SetAsync(email, ResetCode.Hash(request.Code!), newHash, aborted)) { outbox.Announce(); return Results.NoContent(); }
            await limits.CountAsync(Secret.ResetCode, email, address);
        }
        return Problems.Result(ProblemTypes.SignInFailed,
            "The e-mail address or the code is wrong, or the code was used or has expired. Ask an administrator for a new one.");
    }

    private async Task<bool> SetAsync(string email, byte[] codeHash, string newHash, CancellationToken cancellationToken)
    {
        var found = await database.ReadAsync((connection, token) => MemberTable.FindByEmailAsync(connection, email, token), cancellationToken);
        if (found is null) { return false; }
        return await database.WriteAsync(async (connection, transaction, token) =>
        {
            var now = time.GetUtcNow();
            var member = await MemberTable.LockAsync(connection, transaction, database.Dialect, found.Id, token);
            return member is { ErasedAt: null } && await IsGoodAsync(connection, transaction, found.Id, codeHash, now, token)
                && await NewPassword.SetAsync(connection, transaction, member, newHash, now, token);
        }, cancellationToken);
    }

    private async Task<bool> IsGoodAsync(DbConnection connection, DbTransaction transaction, Guid id, byte[] codeHash, DateTimeOffset now,
        CancellationToken cancellationToken)
    {
        var expected = await connection.QuerySingleOrDefaultAsync<byte[]>(new CommandDefinition(
            $"SELECT code_hash FROM password_reset WHERE member_id = @id AND expires_at > @now{database.Dialect.ForUpdate}",
            new { id = MemberTable.Key(id), now = now.ToUnixTimeMilliseconds() },
            transaction, cancellationToken: cancellationToken));
        return expected is not null && CryptographicOperations.FixedTimeEquals(expected, codeHash);
    }
}
