using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Json;
using System.Text.Json.Serialization;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using FirstCome.Web.Console.Parts;
using FirstCome.Web.Console.Session;
using FirstCome.Web.Console.Shell;
using FirstCome.Web.Sessions;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Authorization;

namespace FirstCome.Web.Console.Calls;

/// <summary>
/// Calls to the services as the operator of this circuit, with the operator's own token: what the operator may do is the services' to judge. A refusal is a value; one that says that the session has
/// ended sends the browser to the sign-in page.
/// </summary>
internal sealed class OperatorApi(
    IHttpClientFactory clients, OperatorSessions sessions, AuthenticationStateProvider state, NavigationManager navigation, ConsoleTexts texts, ILogger<OperatorApi> logger)
{
    public const string Coupons = "coupon-service", Issue = "issue-service", Cache = "cache-service", Users = KeepSession.UserService;

    /// <summary>CouponService once more, for lists of members: they come from the browser through the circuit, which takes longer than a call may.</summary>
    public const string Uploads = "coupon-service-uploads";

    public static readonly TimeSpan UploadMax = TimeSpan.FromMinutes(10);
    public static readonly string[] Services = [Coupons, Issue, Cache, Users];

    // A newer service may say more than this console knows.
    private static readonly JsonSerializerOptions s_read = new(ApiJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };
    private static readonly IReadOnlyDictionary<string, string[]> s_noErrors = new Dictionary<string, string[]>();

    public Task<Answer<T>> GetAsync<T>(string service, string path, CancellationToken cancellationToken) => SendAsync<T>(service, HttpMethod.Get, path, null, null, cancellationToken);

    public Task<Answer<T>> PostAsync<T>(string service, string path, object? body, CancellationToken cancellationToken, string? ifMatch = null) =>
        SendAsync<T>(service, HttpMethod.Post, path, Json(body), ifMatch, cancellationToken);

    public Task<Answer<T>> PatchAsync<T>(string service, string path, object body, string ifMatch, CancellationToken cancellationToken) =>
        SendAsync<T>(service, HttpMethod.Patch, path, Json(body), ifMatch, cancellationToken);

    /// <summary>Any call. The answer's body is read as JSON; an empty one is the type's default.</summary>
    public async Task<Answer<T>> SendAsync<T>(string service, HttpMethod method, string path, HttpContent? content, string? ifMatch, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Content = content };
        if (ifMatch is not null) { request.Headers.IfMatch.Add(EntityTagHeaderValue.Parse(ifMatch)); }
        try
        {
            var session = (await state.GetAuthenticationStateAsync()).User.FindFirstValue(OperatorSessions.SessionClaim);
            if (session is null || await sessions.AccessTokenAsync(session, cancellationToken) is not { } token) { return Ended<T>(); }
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            using var client = clients.CreateClient(service);
            using var answer = await client.SendAsync(request, cancellationToken);
            if ((int)answer.StatusCode == StatusCodes.Status401Unauthorized)
            {
                // Signed out everywhere, or locked: the session is of no more use.
                await sessions.RemoveAsync(session);
                return Ended<T>();
            }
            var body = await answer.Content.ReadAsByteArrayAsync(cancellationToken);
            if (!answer.IsSuccessStatusCode) { return new(default, Read(answer, body), null); }
            return new(body.Length == 0 ? default : JsonSerializer.Deserialize<T>(body, s_read), null, answer.Headers.ETag?.ToString());
        }
        catch (Exception failure) when (!cancellationToken.IsCancellationRequested && failure is HttpRequestException or TimeoutException or OperationCanceledException or JsonException or StackExchange.Redis.RedisException)
        {
            ConsoleLog.CallFailed(logger, service, method.Method, failure.GetType().Name, failure.Message);
            return new(default, new("", 0, texts["away"], s_noErrors, []), null);
        }
    }

    private Answer<T> Ended<T>()
    {
        navigation.NavigateTo("sign-in?told=ended&back=/" + Uri.EscapeDataString(navigation.ToBaseRelativePath(navigation.Uri)), forceLoad: true);
        return new(default, new("", StatusCodes.Status401Unauthorized, texts["session.ended"], s_noErrors, []), null);
    }

    private Refusal Read(HttpResponseMessage answer, byte[] body)
    {
        var status = (int)answer.StatusCode;
        Problem? problem = null;
        if (answer.Content.Headers.ContentType?.MediaType == "application/problem+json") { problem = JsonSerializer.Deserialize<Problem>(body, s_read); }
        if (problem is null) { return new("", status, texts["away"], s_noErrors, []); }
        var slug = problem.Type?[(problem.Type.LastIndexOf('/') + 1)..] ?? "";
        return new(slug, status, WordsOf(slug, problem), InWords(problem.Errors), problem.Rejected ?? []);
    }

    // The problem's own title in the operator's language; the detail tells the rest, in that language too where this console has words for it.
    private string WordsOf(string slug, Problem problem)
    {
        var title = ProblemTypes.All.FirstOrDefault(type => type.Slug == slug) is { } known ? (texts.Language == ConsoleTexts.Korean ? known.TitleKo : known.TitleEn) : problem.Title ?? texts["away"];
        return string.IsNullOrEmpty(problem.Detail) || problem.Detail == title ? title : $"{title.TrimEnd('.')}. {ServiceWords.Of(problem.Detail, texts).Words}";
    }

    private IReadOnlyDictionary<string, string[]> InWords(IReadOnlyDictionary<string, string[]>? errors) =>
        errors?.ToDictionary(field => field.Key, field => Array.ConvertAll(field.Value, said => ServiceWords.Of(said, texts).Words)) ?? s_noErrors;

    private static JsonContent? Json(object? body) => body is null ? null : JsonContent.Create(body, body.GetType(), options: ApiJson.Options);

    private sealed record Problem(string? Type = null, string? Title = null, string? Detail = null, IReadOnlyDictionary<string, string[]>? Errors = null, IReadOnlyList<RejectedLine>? Rejected = null);
}

internal static partial class ConsoleLog
{
    [LoggerMessage(1, LogLevel.Warning, "console-call-failed {Service} {Method}: {Kind}: {Reason}")]
    public static partial void CallFailed(ILogger logger, string service, string method, string kind, string reason);
}
