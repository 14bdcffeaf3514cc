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
/// thief from the owner: the family ends, and both must sign in.
/// <para>
/// An answer may be lost, most of all where a crowd reloads its pages. A client that sends an <c>Idempotency-Key</c> may therefore repeat its request until it has used the answer: the next token follows from the
/// spent one and the key alone, so a repetition gets the same. A thief of the spent token has no key, as that is kept nowhere but with who asks, and until the answer only; any other key ends the family.
/// </para>
/// </summary>
internal sealed class RefreshSession(Database database, AccessTokens tokens, IOptions<SignInOptions> options, TimeProvider time, ILogger<RefreshSession> logger)
{
    private const string KeyHeader = "Idempotency-Key";
    private const int KeyLengthMin = 22, KeyLengthMax = 128;

    private enum Refusal { None, Unknown, Reused }

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/auth/refresh", (RefreshRequest request, HttpContext context, RefreshSession refresh) => refresh.HandleAsync(request, context))
        .WithName("RefreshSession").WithTags("Sessions").WithSummary("Exchange a refresh token for new tokens")
        .WithDescription($"Each refresh token is good once. A token that was spent before ends its whole session, unless the request is a repetition with the same {KeyHeader} "
            + $"({KeyLengthMin} to {KeyLengthMax} visible ASCII characters, at least 128 random bits, kept until the answer is there) and the next token has not been used: then the answer is the same.")
        .Produces<SessionTokens>().ProducesProblems(400, 401, 503);

    private async Task<IResult> HandleAsync(RefreshRequest request, HttpContext context)
    {
        if (string.IsNullOrEmpty(request.RefreshToken))
        {
            var errors = new FieldErrors();
            errors.Add("refreshToken", "is missing; give the refresh token of the last sign-in or refresh");
            return errors.ToResult();
        }
        var key = Key(context.Request);
        if (!RefreshToken.TryParse(request.RefreshToken, out var spent)) { return Problems.Result(ProblemTypes.SignInFailed); }
        // Read first, so that a made-up token costs no write.
        var known = await database.ReadAsync((connection, token) =>
            SessionTable.FindAsync(connection, null, "", spent.SessionId, token), context.RequestAborted);
        if (known is null) { return Problems.Result(ProblemTypes.SignInFailed); }
        var next = key is null ? RefreshToken.Next(spent.SessionId) : spent.Next(key);
        var (refusal, member, now) = await database.WriteAsync(async (connection, transaction, token) =>
        {
            var now = time.GetUtcNow();
            // The member first, then the session: every transaction takes them in this order.
            var member = await MemberTable.LockAsync(connection, transaction, database.Dialect, new Guid(known.MemberId, bigEndian: true), token);
            var session = await SessionTable.FindAsync(connection, transaction, database.Dialect.ForUpdate, spent.SessionId, token);
            if (session is null) { return (Refusal.Unknown, member, now); }
            var repeated = key is not null && CryptographicOperations.FixedTimeEquals(session.TokenHash, next.Hash());
            var reused = !repeated && !CryptographicOperations.FixedTimeEquals(session.TokenHash, spent.Hash());
            if (reused || member is not { Active: true } || session.ExpiresAt <= now.ToUnixTimeMilliseconds())
            {
                await SessionTable.EndAsync(connection, transaction, spent.SessionId, token);
                return (reused ? Refusal.Reused : Refusal.Unknown, member, now);
            }
            if (repeated) { return (Refusal.None, member, now); }
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

    private static string? Key(HttpRequest request)
    {
        var header = request.Headers[KeyHeader];
        if (header.Count == 0) { return null; }
        return header is [{ Length: >= KeyLengthMin and <= KeyLengthMax } key] && !key.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? key
            : throw new InvalidRequestException(KeyHeader, $"must be sent once, with {KeyLengthMin} to {KeyLengthMax} visible ASCII characters");
    }
}
