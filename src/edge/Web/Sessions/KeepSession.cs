using System.Net;
using System.Text.Json;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;

namespace FirstCome.Web.Sessions;

/// <summary>
/// <c>POST /session/sign-in</c>, <c>/session/refresh</c> and <c>/session/sign-out</c>: the page's way to UserService. The refresh token stays in a cookie that no script can read; the page gets
/// the access token alone and keeps it in memory.
/// Another site cannot use the cookie: it is <c>SameSite=Strict</c>, a request must be JSON (which a form cannot send), and a browser that says that it comes from elsewhere is refused.
/// </summary>
internal static class KeepSession
{
    public const string UserService = "user-service", Cookie = "fc-session";
    private const int BodyBytesMax = 4 * 1024;
    private const string CookiePath = "/session", ForwardedFor = "X-Forwarded-For", ForwardedProto = "X-Forwarded-Proto", IdempotencyKey = "Idempotency-Key";

    public static void MapSession(this WebApplication app)
    {
        var session = app.MapGroup(CookiePath).ExcludeFromDescription().WithMetadata(new RequestSizeLimitAttribute(BodyBytesMax)).AddEndpointFilter(RefuseOtherSitesAsync);
        session.MapPost("/sign-in", SignInAsync);
        session.MapPost("/refresh", RefreshAsync);
        session.MapPost("/sign-out", SignOutAsync);
    }

    private static ValueTask<object?> RefuseOtherSitesAsync(EndpointFilterInvocationContext invocation, EndpointFilterDelegate next)
    {
        var request = invocation.HttpContext.Request;
        invocation.HttpContext.Response.Headers.CacheControl = "no-store";
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site is not ("" or "same-origin")) { return ValueTask.FromResult<object?>(Problems.Result(ProblemTypes.Forbidden, "Only the pages of this site may use its session.")); }
        if (!request.HasJsonContentType()) { return ValueTask.FromResult<object?>(Problems.Result(ProblemTypes.UnsupportedMediaType, "Send application/json.")); }
        if (request.ContentLength > BodyBytesMax) { return ValueTask.FromResult<object?>(Problems.Result(ProblemTypes.PayloadTooLarge, $"Send at most {BodyBytesMax} bytes.")); }
        return next(invocation);
    }

    private static async Task<IResult> SignInAsync(HttpContext context, IHttpClientFactory clients)
    {
        using var body = new StreamContent(context.Request.Body);
        body.Headers.ContentType = new("application/json");
        return await ExchangeAsync(context, clients, "api/auth/sign-in", body);
    }

    private static async Task<IResult> RefreshAsync(HttpContext context, IHttpClientFactory clients)
    {
        // Nobody is signed in; that is no failed sign-in.
        if (context.Request.Cookies[Cookie] is not { Length: > 0 } token) { return Results.NoContent(); }
        using var body = JsonContent.Create(new RefreshRequest(token));
        return await ExchangeAsync(context, clients, "api/auth/refresh", body);
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, IHttpClientFactory clients)
    {
        if (context.Request.Cookies[Cookie] is not { Length: > 0 } token) { return Results.NoContent(); }
        Forget(context);
        using var body = JsonContent.Create(new RefreshRequest(token));
        using var answer = await SendAsync(context, clients, "api/auth/sign-out", body);
        return answer is { IsSuccessStatusCode: true } ? Results.NoContent() : Away();
    }

    private static async Task<IResult> ExchangeAsync(HttpContext context, IHttpClientFactory clients, string path, HttpContent body)
    {
        using var answer = await SendAsync(context, clients, path, body);
        if (answer is null) { return Away(); }
        if (answer.StatusCode != HttpStatusCode.OK)
        {
            if (path.EndsWith("refresh", StringComparison.Ordinal) && answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden) { Forget(context); }
            return await RefusalAsync(context, answer);
        }
        // What was spent must not be lost because the page has gone meanwhile: the answer is read to its end.
        var tokens = await answer.Content.ReadFromJsonAsync<SessionTokens>(CancellationToken.None) ?? throw new JsonException("UserService gave no tokens.");
        context.Response.Cookies.Append(Cookie, tokens.RefreshToken, Options(context));
        return Results.Json(new AccessToken(tokens.AccessToken, tokens.ExpiresAt));
    }

    private static async Task<HttpResponseMessage?> SendAsync(HttpContext context, IHttpClientFactory clients, string path, HttpContent body)
    {
        using var client = clients.CreateClient(UserService);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = body };
        // UserService counts failed sign-ins by the caller's address, as the gateway told it; a page that repeats a refresh, as its answer was lost, is known by its key.
        foreach (var name in (string[])[ForwardedFor, IdempotencyKey])
        {
            if (context.Request.Headers[name].ToString() is { Length: > 0 } value) { request.Headers.TryAddWithoutValidation(name, value); }
        }
        try
        {
            return await client.SendAsync(request, CancellationToken.None);
        }
        catch (Exception failure) when (failure is HttpRequestException or OperationCanceledException)
        {
            SessionsLog.UserServiceAway(context.RequestServices.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(KeepSession)), path, failure.Message);
            return null;
        }
    }

    private static async Task<IResult> RefusalAsync(HttpContext context, HttpResponseMessage answer)
    {
        if (answer.Headers.TryGetValues("Retry-After", out var after)) { context.Response.Headers.RetryAfter = after.First(); }
        var content = await answer.Content.ReadAsStringAsync(CancellationToken.None);
        return Results.Content(content, answer.Content.Headers.ContentType?.ToString(), statusCode: (int)answer.StatusCode);
    }

    private static IResult Away() => Problems.Result(ProblemTypes.Unavailable, "Signing in is not possible at the moment. Try again.", retryAfter: TimeSpan.FromSeconds(2));

    private static void Forget(HttpContext context) => context.Response.Cookies.Delete(Cookie, Options(context));

    // It ends with the browser; the session itself ends when UserService says so.
    private static CookieOptions Options(HttpContext context) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        Secure = context.Request.IsHttps || context.Request.Headers[ForwardedProto] == "https",
        Path = CookiePath,
        IsEssential = true,
    };

    private sealed record RefreshRequest(string RefreshToken);

    private sealed record AccessToken(string Token, DateTimeOffset ExpiresAt);
}

internal static partial class SessionsLog
{
    [LoggerMessage(1, LogLevel.Warning, "user-service-away {Path}: {Reason}")]
    public static partial void UserServiceAway(ILogger logger, string path, string reason);
}
