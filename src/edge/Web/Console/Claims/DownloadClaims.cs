using System.Net.Http.Headers;
using System.Security.Claims;
using FirstCome.Web.Console.Calls;
using FirstCome.Web.Console.Session;

namespace FirstCome.Web.Console.Claims;

/// <summary><c>GET /console/claims/{id}.csv</c>: the ledger of a campaign as IssueService streams it, handed on piece by piece; nothing of it is kept.</summary>
internal static class DownloadClaims
{
    private const int PieceBytes = 64 * 1024;

    public static void MapClaimsDownload(this IEndpointRouteBuilder console) =>
        console.MapGet("/claims/{id:guid}.csv", HandleAsync).RequireAuthorization(ConsolePolicies.Operators).ExcludeFromDescription();

    private static async Task<IResult> HandleAsync(Guid id, HttpContext context, IHttpClientFactory clients, OperatorSessions sessions)
    {
        var cancellation = context.RequestAborted;
        var session = context.User.FindFirstValue(OperatorSessions.SessionClaim);
        if (session is null || await sessions.AccessTokenAsync(session, cancellation) is not { } token) { return Results.LocalRedirect(OperatorCookie.SignInPath + "?told=ended"); }
        using var client = clients.CreateClient(OperatorApi.Issue);
        using var request = new HttpRequestMessage(HttpMethod.Get, $"api/campaigns/{id}/claims");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("text/csv"));
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
        if (!answer.IsSuccessStatusCode)
        {
            return Results.Content(await answer.Content.ReadAsStringAsync(cancellation), answer.Content.Headers.ContentType?.ToString(), statusCode: (int)answer.StatusCode);
        }
        context.Response.ContentType = "text/csv; charset=utf-8";
        context.Response.Headers.ContentDisposition = $"attachment; filename=\"claims-{id}.csv\"";
        await using var from = await answer.Content.ReadAsStreamAsync(cancellation);
        await from.CopyToAsync(context.Response.Body, PieceBytes, cancellation);
        return Results.Empty;
    }
}
