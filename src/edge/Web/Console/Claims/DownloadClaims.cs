using System.Net.Http.Headers;
using System.Security.Claims;
using FirstCome.Web.Console.Calls;
using FirstCome.Web.Console.Session;
using StackExchange.Redis;

namespace FirstCome.Web.Console.Claims;

/// <summary>
/// <c>GET /console/claims/{id}.csv</c>: the ledger of a campaign as IssueService streams it, handed on piece by piece; nothing of it is kept. Where it cannot be had, the page of claims says so.
/// </summary>
internal static class DownloadClaims
{
    /// <summary>What the page of claims is told of a file that could not be had.</summary>
    public const string ToldFailed = "csv-failed";

    private const int PieceBytes = 64 * 1024;

    public static void MapClaimsDownload(this IEndpointRouteBuilder console) =>
        console.MapGet("/claims/{id:guid}.csv", HandleAsync).RequireAuthorization(ConsolePolicies.Operators).ExcludeFromDescription();

    private static async Task<IResult> HandleAsync(Guid id, HttpContext context, IHttpClientFactory clients, OperatorSessions sessions, ILogger<OperatorApi> logger)
    {
        try { return await StreamAsync(id, context, clients, sessions); }
        catch (Exception failure) when (!context.RequestAborted.IsCancellationRequested && !context.Response.HasStarted && failure is HttpRequestException or IOException or TimeoutException or OperationCanceledException or RedisException)
        {
            ConsoleLog.CallFailed(logger, OperatorApi.Issue, context.Request.Method, failure.GetType().Name, failure.Message);
            context.Response.Clear();
            return Failed(id);
        }
    }

    private static async Task<IResult> StreamAsync(Guid id, HttpContext context, IHttpClientFactory clients, OperatorSessions sessions)
    {
        var cancellation = context.RequestAborted;
        var session = context.User.FindFirstValue(OperatorSessions.SessionClaim);
        if (session is null || await sessions.AccessTokenAsync(session, cancellation) is not { } token) { return Ended(); }
        using var client = clients.CreateClient(OperatorApi.Issue);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/campaigns/{id}/claims");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/csv"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if ((int)answer.StatusCode == StatusCodes.Status401Unauthorized)
        {
            // Signed out everywhere, or locked: the session is of no more use.
            await sessions.RemoveAsync(session);
            return Ended();
        }
        if (!answer.IsSuccessStatusCode) { return Failed(id); }
        context.Response.ContentType = "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"claims-{id}.csv\"";
        await using var from = await answer.Content.ReadAsStreamAsync(cancellation);
        await from.CopyToAsync(context.Response.Body, PieceBytes, cancellation);
        return Results.Empty;
    }

    private static IResult Ended() => Results.LocalRedirect(OperatorCookie.SignInPath + "?told=ended");

    private static IResult Failed(Guid id) => Results.LocalRedirect($"{ConsoleHosting.Prefix}/claims?campaign={id}&told={ToldFailed}");
}
