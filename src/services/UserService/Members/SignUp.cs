using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using FirstCome.UserService.Passwords;
using FirstCome.UserService.Sessions;

namespace FirstCome.UserService.Members;

/// <param name="Email">Up to 254 characters; kept in lower case.</param>
/// <param name="Password">10 to 128 characters, not the e-mail address, none of the commonest.</param>
/// <param name="DisplayName">1 to 50 characters.</param>
/// <param name="Locale"><c>ko</c> or <c>en</c>.</param>
internal sealed record SignUpRequest(string? Email = null, string? Password = null, string? DisplayName = null, string? Locale = null);

/// <summary><c>POST /api/users</c>: makes an account with the role member.</summary>
internal static class SignUp
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/users", HandleAsync)
        .WithName("SignUp").WithTags("Users").WithSummary("Sign up")
        .WithDescription("Makes an account. Every rule that the request breaks is told at once. Sign in afterwards.")
        .Produces<User>(201).ProducesProblems(400, 409, 429, 503);

    private static async Task<IResult> HandleAsync(SignUpRequest request, HttpContext context, Database database, PasswordHashing hashing, GuessLimits limits,
        TimeProvider time)
    {
        var errors = new FieldErrors();
        var email = MemberRules.Email(request.Email, errors);
        var password = PasswordRules.ReadNew(request.Password, email, errors, "password");
        var displayName = MemberRules.DisplayName(request.DisplayName, errors);
        var locale = MemberRules.Locale(request.Locale, errors);
        if (errors.Any) { return errors.ToResult(); }

        var (address, aborted) = (context.Connection.RemoteIpAddress, context.RequestAborted);
        // Who tries many addresses to learn which have accounts is slowed down like who tries passwords.
        if (limits.RefuseAddress(address) is { } refusal) { return refusal; }
        var taken = await database.ReadAsync((connection, token) => MemberTable.FindByEmailAsync(connection, email, token), aborted) is not null;
        if (!taken)
        {
            using var slot = await hashing.EnterAsync(aborted);
            if (slot is null) { return PasswordHashing.Busy(); }
            var member = Member.New(email, await slot.HashAsync(password), displayName, locale, Role.Member, time.GetUtcNow());
            taken = !await database.WriteAsync((connection, transaction, token) =>
                MemberTable.InsertAsync(connection, transaction, database.Dialect, member, token), aborted);
            if (!taken)
            {
                EntityTag.Set(context.Response, member.Version);
                return Results.Created($"/api/users/{member.Id}", User.Of(member));
            }
        }
        limits.CountAddress(address);
        return Problems.Result(ProblemTypes.EmailTaken);
    }
}
