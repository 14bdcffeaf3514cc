using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using FirstCome.ConfigServer.Access;
using FirstCome.ConfigServer.Git;
using FirstCome.ConfigServer.Requests;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace FirstCome.ConfigServer.Pushes;

/// <summary>
/// <c>POST /monitor</c>: GitHub, GitLab, Bitbucket, or a person tells that something was pushed. What the notice says is believed only as far as it decides the answer; the
/// repositories themselves are looked at.
/// </summary>
internal static class ReceivePush
{
    private const int BodyBytesMax = 1024 * 1024;
    private const int PathsMax = 1_000;

    private static readonly string[] Kinds = ["added", "modified", "removed"];

    private static readonly JsonDocumentOptions JsonLimits = new() { MaxDepth = 32 };

    public static void MapPushes(this IEndpointRouteBuilder routes)
        => routes.MapPost("/monitor", (RequestDelegate)HandleAsync).WithMetadata(new RequestSizeLimitAttribute(BodyBytesMax)).ExcludeFromDescription();

    private static async Task HandleAsync(HttpContext context)
    {
        var secret = context.RequestServices.GetRequiredService<IOptions<ConfigServerOptions>>().Value.MonitorSecret;
        if (string.IsNullOrEmpty(secret) && !Credentials.IsLoopback(context))
        {
            await SpringError.WriteAsync(context, StatusCodes.Status403Forbidden);
            return;
        }
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        var bytes = body.ToArray();
        if (!string.IsNullOrEmpty(secret) && !IsSigned(context.Request.Headers, bytes, Encoding.UTF8.GetBytes(secret)))
        {
            await SpringError.WriteAsync(context, StatusCodes.Status403Forbidden);
            return;
        }
        if (Applications(bytes) is not { } applications)
        {
            await SpringError.WriteAsync(context, StatusCodes.Status400BadRequest);
            return;
        }
        context.RequestServices.GetRequiredService<RemoteFetching>().Ask();
        var answer = JsonSerializer.SerializeToUtf8Bytes(applications);
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = answer.Length;
        await context.Response.Body.WriteAsync(answer, context.RequestAborted);
    }

    /// <summary>GitHub and Bitbucket sign the body; GitLab sends the secret itself.</summary>
    internal static bool IsSigned(IHeaderDictionary headers, byte[] body, byte[] secret)
    {
        var signature = headers["X-Hub-Signature-256"].ToString() is { Length: > 0 } gitHub ? gitHub : headers["X-Hub-Signature"].ToString();
        if (signature.StartsWith("sha256=", StringComparison.Ordinal))
        {
            var given = new byte[HMACSHA256.HashSizeInBytes];
            return signature.Length == "sha256=".Length + 2 * given.Length
                && Convert.FromHexString(signature.AsSpan("sha256=".Length), given, out _, out _) == System.Buffers.OperationStatus.Done
                && CryptographicOperations.FixedTimeEquals(given, HMACSHA256.HashData(secret, body));
        }
        var token = headers["X-Gitlab-Token"].ToString();
        return token.Length > 0 && CryptographicOperations.FixedTimeEquals(SHA256.HashData(Encoding.UTF8.GetBytes(token)), SHA256.HashData(secret));
    }

    /// <summary>The applications whose files were pushed, <c>*</c> where that cannot be told; null for what is no notice.</summary>
    internal static IReadOnlyCollection<string>? Applications(ReadOnlyMemory<byte> body)
    {
        try
        {
            using var document = JsonDocument.Parse(body, JsonLimits);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
                return null;
            var names = Paths(document.RootElement).Take(PathsMax).Select(ApplicationOf).ToHashSet(StringComparer.Ordinal);
            return names.Count == 0 || names.Contains("*") ? ["*"] : names;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // The caller's mistake, for which he is told 400; half a character in a text is noticed only when it is read.
            return null;
        }
    }

    private static List<string> Paths(JsonElement notice)
    {
        if (notice.TryGetProperty("path", out var path))
            return path.ValueKind == JsonValueKind.String ? [path.GetString()!] : Texts(path);
        return notice.TryGetProperty("commits", out var commits) && commits.ValueKind == JsonValueKind.Array
            ? [.. commits.EnumerateArray().Where(commit => commit.ValueKind == JsonValueKind.Object).SelectMany(commit => Kinds.SelectMany(kind => commit.TryGetProperty(kind, out var paths) ? Texts(paths) : []))]
            : [];
    }

    private static List<string> Texts(JsonElement array)
        => array.ValueKind == JsonValueKind.Array
            ? [.. array.EnumerateArray().Where(item => item.ValueKind == JsonValueKind.String).Select(item => item.GetString()!).Take(PathsMax)]
            : [];

    private static string ApplicationOf(string path)
    {
        var stem = Path.GetFileNameWithoutExtension(path);
        return stem.Length == 0 || stem == "application" || stem.StartsWith("application-", StringComparison.Ordinal) ? "*" : stem;
    }
}
