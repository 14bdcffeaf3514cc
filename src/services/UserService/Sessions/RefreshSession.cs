using System.Security.Cryptography;
using Dapper;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;
using FirstCome.UserService.Tokens;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService.Sessions;

internal sealed record RefreshRequest(string? RefreshToken = null);

/// <summary>
/// <c>POST /api/auth/refresh</c>: spends a refresh token and gives the next of its family. A spent one is a sign of theft, since the server cannot tell the
/// thief from the owner: the family ends, and both must sign in. There is no grace for a repeated request, however soon: whoever holds a stolen spent token
/// could use it just as well, and what would bind it to the client (its address, a header) is known to whoever could steal the token. A client sends one
/// refresh at a time and, where the answer was lost, signs in again.
/// </summary>
internal sealed class RefreshSession(Database database, AccessTokens tokens, IOptions<SignInOptions> options, TimeProvider time, ILogger<RefreshSession> logger)
{
    private enum Refusal { None, Unknown, Reused }

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/auth/refresh", (RefreshRequest request, HttpContext context, RefreshSession refresh) => refresh.HandleAsync(request, context))
        .WithName("RefreshSession").WithTags("Sessions").WithSummary("Exchange a refresh token for new tokens")
        .WithDescription("Each refresh token is good once. A token that was spent before ends its whole session: send one refresh at a time.")
        .Produces<SessionTokens>().ProducesProblems(400, 401, 503);

    private async Task<IResult> HandleAsync(RefreshRequest request, HttpContext context)
    {
        if (string.IsNullOrEmpty(request.RefreshToken))
        {
            var errors = new FieldErrors();
            errors.Add("refreshToken", "is missing; give the refresh token of the last sign-in or refresh");
            return errors.ToResult();
        }
        if (!RefreshToken.TryParse(request.RefreshToken, out var spent)) { return Problems.Result(ProblemTypes.SignInFailed); }
        // Read first, so that a made-up token costs no write.
        var known = await database.ReadAsync((connection, token) =>
            SessionTable.FindAsync(connection, null, "", spent.SessionId, token), context.RequestAborted);
        if (known is null) { return Problems.Result(ProblemTypes.SignInFailed); }
        var next = RefreshToken.Next(spent.SessionId);
        var (refusal, member, now) = await database.WriteAsync(async (connection, transaction, token) =>
        {
            var now = time.GetUtcNow();
            // The member first, then the session: every transaction takes them in this order.
            var member = await MemberTable.LockAsync(connection, transaction, database.Dialect, new Guid(known.MemberId, bigEndian: true), token);
            var session = await SessionTable.FindAsync(connection, transaction, database.Dialect.ForUpdate, spent.SessionId, token);
            if (session is null) { return (Refusal.Unknown, member, now); }
            var reused = !CryptographicOperations.FixedTimeEquals(session.TokenHash, spent.Hash());
            if (reused || member is not { Active: true } || session.ExpiresAt <= now.ToUnixTimeMilliseconds())
            {
                await SessionTable.EndAsync(connection, transaction, spent.SessionId, token);
                return (reused ? Refusal.Reused : Refusal.Unknown, member, now);
            }
            await connection.ExecuteAsync(new CommandDefinition(
                "UPDATE session SET token_hash = @hash, refreshed_at = @now, expires_at = @expiresAt WHERE session_id = @id",
                new
                {
                    id = MemberTable.Key(spent.SessionId),
                    hash = next.Hash(),
                    now = now.ToUnixTimeMilliseconds(),
                    expiresAt = (now + options.Value.RefreshLifetime).ToUnixTimeMilliseconds(),
                },
                transaction, cancellationToken: token));
            return (Refusal.None, member, now);
        }, context.RequestAborted);
        if (refusal == Refusal.Reused) { SessionsLog.RefreshTokenReused(logger, member?.Id ?? Guid.Empty, spent.SessionId); }
        return refusal == Refusal.None ? SignIn.Answer(context, tokens.Issue(member!, now), next) : Problems.Result(ProblemTypes.SignInFailed);
    }
}
