using System.Buffers.Text;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Json;
using FirstCome.Web.Sessions;
using Microsoft.AspNetCore.Antiforgery;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Mvc;
using StackExchange.Redis;

namespace FirstCome.Web.Console.Session;

/// <summary>What the forms of the sign-in and sign-out pages are sent to. Each needs the form's anti-forgery token.</summary>
internal static class SignInOut
{
    private const string SignInPage = OperatorCookie.SignInPath;
    private const int BodyBytesMax = 8 * 1024, TextMax = 400;

    public static void MapOperatorSession(this IEndpointRouteBuilder console)
    {
        var session = console.MapGroup("/session").AllowAnonymous().WithMetadata(new RequestSizeLimitAttribute(BodyBytesMax)).AddEndpointFilter(NeedFormTokenAsync).ExcludeFromDescription();
        session.MapPost("/sign-in", SignInAsync);
        session.MapPost("/sign-out", (HttpContext context, IHttpClientFactory clients, OperatorSessions sessions) => SignOutAsync(context, clients, sessions, everywhere: false));
        session.MapPost("/sign-out-everywhere", (HttpContext context, IHttpClientFactory clients, OperatorSessions sessions) => SignOutAsync(context, clients, sessions, everywhere: true));
    }

    private static async ValueTask<object?> NeedFormTokenAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var context = invocation.HttpContext;
        if (!context.Request.HasFormContentType || !await context.RequestServices.GetRequiredService<IAntiforgery>().IsRequestValidAsync(context))
        {
            // A form that stood open while its session ended, or while another tab began one: the sign-in page says so, and has a new token.
            return Told("ended", Back(context.Request.HasFormContentType ? (await context.Request.ReadFormAsync(context.RequestAborted))["back"] : ""));
        }
        return await next(invocation);
    }

    private static async Task<IResult> SignInAsync(HttpContext context, IHttpClientFactory clients)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var (email, password, back) = (form["email"].ToString(), form["password"].ToString(), Back(form["back"]));
        if (email.Length is 0 or > TextMax || password.Length is 0 or > TextMax) { return Told("wrong", back); }
        using var client = clients.CreateClient(KeepSession.UserService);
        using var request = new HttpRequestMessage(HttpMethod.Post, "api/auth/sign-in") { Content = JsonContent.Create(new { email, password }) };
        if (context.Request.Headers["X-Forwarded-For"].ToString() is { Length: > 0 } address) { request.Headers.TryAddWithoutValidation("X-Forwarded-For", address); }
        try
        {
            using var answer = await client.SendAsync(request, CancellationToken.None);
            if (answer.StatusCode != HttpStatusCode.OK) { return Told(Reason(answer.StatusCode), back); }
            var tokens = await answer.Content.ReadFromJsonAsync<SessionTokens>(CancellationToken.None) ?? throw new JsonException("UserService gave no tokens.");
            if (Read(tokens.AccessToken, email) is not { } principal)
            {
                await EndAsync(client, tokens.RefreshToken);
                return Told("role", back);
            }
            await context.SignInAsync(OperatorSessions.Scheme, principal, OperatorSessions.Properties(tokens));
            return Results.LocalRedirect(ConsoleHosting.Prefix + back);
        }
        // Without UserService nobody can be known, without Redis no session kept.
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or TimeoutException or RedisException) { return Told("away", back); }
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IHttpClientFactory clients, OperatorSessions sessions, bool everywhere)
    {
        var session = await context.AuthenticateAsync(OperatorSessions.Scheme);
        if (session.Succeeded)
        {
            using var client = clients.CreateClient(KeepSession.UserService);
            try
            {
                if (everywhere)
                {
                    using var request = new HttpRequestMessage(HttpMethod.Post, "api/auth/sign-out-everywhere");
                    var id = session.Principal.FindFirstValue(OperatorSessions.SessionClaim)!;
                    request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", await sessions.AccessTokenAsync(id, context.RequestAborted));
                    using var answer = await client.SendAsync(request, CancellationToken.None);
                    answer.EnsureSuccessStatusCode();
                }
                else if (OperatorSessions.RefreshTokenOf(session.Properties) is { } refresh) { await EndAsync(client, refresh); }
            }
            // Elsewhere the sessions go on: that must be told, and the operator stays able to try again.
            catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException or TimeoutException or RedisException) { return Results.LocalRedirect(ConsoleHosting.Prefix + "/sign-out?told=away"); }
        }
        try { await context.SignOutAsync(OperatorSessions.Scheme); }
        catch (Exception failure) when (failure is TimeoutException or RedisException) { return Results.LocalRedirect(ConsoleHosting.Prefix + "/sign-out?told=away"); }
        return Results.LocalRedirect(SignInPage + "?told=out");
    }

    private static async Task EndAsync(HttpClient client, string refreshToken)
    {
        using var answer = await client.PostAsJsonAsync("api/auth/sign-out", new { refreshToken }, CancellationToken.None);
        answer.EnsureSuccessStatusCode();
    }

    private static string Reason(HttpStatusCode status) => status switch
    {
        HttpStatusCode.Unauthorized or HttpStatusCode.BadRequest => "wrong",
        HttpStatusCode.Forbidden => "locked",
        HttpStatusCode.TooManyRequests => "wait",
        _ => "away",
    };

    private static IResult Told(string why, string back) => Results.LocalRedirect($"{SignInPage}?told={why}&back={Uri.EscapeDataString(back)}");

    /// <summary>A path within the console, and nothing that a browser could take for another site.</summary>
    internal static string Back(string? given) =>
        given is { Length: > 1 and <= 300 } && given[0] == '/' && given[1] is not ('/' or '\\') && !given.Contains('\\', StringComparison.Ordinal) && !given.Any(char.IsControl) ? given : "/";

    /// <summary>Who signed in, out of a token that UserService gave this very moment; null without a role that the console is for.</summary>
    internal static ClaimsPrincipal? Read(string token, string email)
    {
        var parts = token.Split('.');
        using var claims = JsonDocument.Parse(Base64Url.DecodeFromChars(parts[1]));
        var roles = claims.RootElement.GetProperty("roles").EnumerateArray().Select(role => role.GetString() ?? "").Intersect(ConsolePolicies.Roles).ToList();
        if (roles.Count == 0) { return null; }
        return new(new ClaimsIdentity(
            [
                new(ClaimTypes.NameIdentifier, claims.RootElement.GetProperty("sub").GetString() ?? ""), new(ClaimTypes.Name, email), new(OperatorSessions.SessionClaim, OperatorSessions.NewId()),
                .. roles.Select(role => new Claim(ClaimTypes.Role, role)),
            ],
            OperatorSessions.Scheme));
    }
}
