using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;

namespace FirstCome.UserService.Sessions;

internal sealed record SignOutRequest(string? RefreshToken = null);

/// <summary><c>POST /api/auth/sign-out</c>: ends the session of a refresh token, spent or not. An unknown one has none: 204 as well.</summary>
internal static class SignOut
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapPost("/api/auth/sign-out", HandleAsync)
        .WithName("SignOut").WithTags("Sessions").WithSummary("End this session")
        .WithDescription(
            "The refresh token and every other of its session are good no more. An access token stays good until it expires, ten minutes at most; sign "
            + "out everywhere to end those too.")
        .Produces(204).ProducesProblems(400, 503);

    private static async Task<IResult> HandleAsync(SignOutRequest request, Database database, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(request.RefreshToken))
        {
            var errors = new FieldErrors();
            errors.Add("refreshToken", "is missing; give the refresh token of the session");
            return errors.ToResult();
        }
        if (!RefreshToken.TryParse(request.RefreshToken, out var refresh)) { return Results.NoContent(); }
        var known = await database.ReadAsync((connection, token) => SessionTable.FindAsync(connection, null, "", refresh.SessionId, token), cancellationToken);
        if (known is not null)
        {
            await database.WriteAsync((connection, transaction, token) =>
                SessionTable.EndAsync(connection, transaction, refresh.SessionId, token), cancellationToken);
        }
        return Results.NoContent();
    }
}
