using Dapper;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Members;
using FirstCome.UserService.Passwords;
using FirstCome.UserService.Tokens;
using Microsoft.AspNetCore.Identity;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService.Sessions;

/// <param name="Email">Case does not count.</param>
internal sealed record SignInRequest(string? Email = null, string? Password = null);

/// <summary>
/// <c>POST /api/auth/sign-in</c>. An unknown address and a wrong password get the same answer after the same work; the limits on guessing count both alike.
/// </summary>
internal sealed class SignIn(Database database, PasswordHashing hashing, GuessLimits limits, AccessTokens tokens, IOptions<SignInOptions> options,
    TimeProvider time)
{
    private enum Refusal { None, Failed, Locked }

    public static void Map(IEndpointRouteBuilder routes) =>
        routes.MapPost("/api/auth/sign-in", (SignInRequest request, HttpContext context, SignIn signIn) => signIn.HandleAsync(request, context))
        .WithName("SignIn").WithTags("Sessions").WithSummary("Sign in")
        .WithDescription(
            "Begins a session. The same answer for an unknown e-mail address and a wrong password. After ten failures an account must wait, longer with "
            + "each further one.")
        .Produces<SessionTokens>().ProducesProblems(400, 401, 403, 429, 503);

    private async Task<IResult> HandleAsync(SignInRequest request, HttpContext context)
    {
        var errors = new FieldErrors();
        var email = MemberRules.Email(request.Email, errors);
        var password = PasswordRules.Read(request.Password, errors, "password");
        if (errors.Any) { return errors.ToResult(); }

        var (address, aborted) = (context.Connection.RemoteIpAddress, context.RequestAborted);
        if (await limits.RefuseAsync(Secret.Password, email, address, aborted) is { } early) { return early; }
        var member = await database.ReadAsync((connection, token) => MemberTable.FindByEmailAsync(connection, email, token), aborted);
        PasswordVerificationResult verification;
        using (var slot = await hashing.EnterAsync(aborted))
        {
            if (slot is null) { return PasswordHashing.Busy(); }
            // Asked again within the turn: of many guesses sent at once only as many slip by as are computed at once.
            if (await limits.RefuseAsync(Secret.Password, email, address, aborted) is { } late) { return late; }
            verification = await slot.VerifyAsync(member?.PasswordHash, password);
            if (verification == PasswordVerificationResult.Failed)
            {
                await limits.CountAsync(Secret.Password, email, address);
                return Problems.Result(ProblemTypes.SignInFailed);
            }
        }
        var newHash = verification == PasswordVerificationResult.SuccessRehashNeeded ? await RehashAsync(password, aborted) : null;
        return await BeginAsync(member!, newHash, context);
    }

    // The password was right for the hash that was read; in the transaction the row must still say so.
    private async Task<IResult> BeginAsync(Member verified, string? newHash, HttpContext context)
    {
        var refresh = RefreshToken.Create();
        var (refusal, member, now) = await database.WriteAsync(async (connection, transaction, token) =>
        {
            var now = time.GetUtcNow();
            var current = await MemberTable.LockAsync(connection, transaction, database.Dialect, verified.Id, token);
            if (current is null || current.ErasedAt is not null || current.PasswordHash != verified.PasswordHash) { return (Refusal.Failed, verified, now); }
            if (current.Locked) { return (Refusal.Locked, current, now); }
            if (newHash is not null)
            {
                await connection.ExecuteAsync(new CommandDefinition(
                    "UPDATE member SET password_hash = @newHash WHERE member_id = @id", new { newHash, id = MemberTable.Key(current.Id) }, transaction,
                    cancellationToken: token));
            }
            await GuessLimits.ForgetAsync(connection, transaction, current.Email!, token);
            await SessionTable.AddAsync(connection, transaction, current.Id, refresh, now, options.Value.RefreshLifetime, options.Value.SessionsMax, token);
            return (Refusal.None, current, now);
        }, context.RequestAborted);
        return refusal switch
        {
            Refusal.Failed => Problems.Result(ProblemTypes.SignInFailed),
            // Only who knows the password hears this.
            Refusal.Locked => Problems.Result(ProblemTypes.MemberLocked),
            _ => Answer(context, tokens.Issue(member, now), refresh),
        };
    }

    // Renewing the hash is a kindness: with too many waiting it happens at the next sign-in.
    private async Task<string?> RehashAsync(string password, CancellationToken cancellationToken)
    {
        using var slot = await hashing.EnterAsync(cancellationToken);
        return slot is null ? null : await slot.HashAsync(password);
    }

    /// <summary>The answer of sign-in and refresh; never kept by a cache.</summary>
    public static IResult Answer(HttpContext context, AccessToken access, RefreshToken refresh)
    {
        context.Response.Headers.CacheControl = "no-store";
        return Results.Json(new SessionTokens(access.Text, access.ExpiresAt, refresh.Text()), ApiJson.Options);
    }
}
