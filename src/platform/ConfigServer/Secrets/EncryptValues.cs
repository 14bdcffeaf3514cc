using System.Net;
using System.Text;
using FirstCome.ConfigServer.Access;
using FirstCome.ConfigServer.Requests;

namespace FirstCome.ConfigServer.Secrets;

/// <summary>
/// <c>POST /encrypt</c>, <c>POST /decrypt</c>, <c>GET /encrypt/status</c> and <c>GET /key</c>, for administrators; where none is configured these are not there.
/// </summary>
internal static class EncryptValues
{
    private const string Json = "application/json";

    public static void MapEncryption(this IEndpointRouteBuilder routes)
    {
        Map("POST", "/encrypt", EncryptAsync);
        Map("POST", "/encrypt/{application}/{profiles}", EncryptAsync);
        Map("POST", "/decrypt", DecryptAsync);
        Map("POST", "/decrypt/{application}/{profiles}", DecryptAsync);
        Map("GET", "/encrypt/status", StatusAsync);
        Map("GET", "/key", KeyAsync);
        Map("GET", "/key/{application}/{profiles}", KeyAsync);

        void Map(string method, string pattern, RequestDelegate handle)
            => routes.MapMethods(pattern, [method], context => ForAdministratorAsync(context, handle)).ExcludeFromDescription();
    }

    private static Task ForAdministratorAsync(HttpContext context, RequestDelegate handle)
    {
        var credentials = context.RequestServices.GetRequiredService<Credentials>();
        if (!credentials.HasAdministrator)
            return SpringError.WriteAsync(context, StatusCodes.Status404NotFound);
        return credentials.IsAdministrator(context.Request) ? handle(context) : SpringError.WriteAsync(context, StatusCodes.Status401Unauthorized);
    }

    private static async Task EncryptAsync(HttpContext context)
    {
        if (await BodyAsync(context) is not { Length: > 0 } plain)
            await SpringError.WriteAsync(context, StatusCodes.Status400BadRequest);
        else if (Encryptor(context) is not { } encryptor)
            await SpringError.WriteAsync(context, StatusCodes.Status500InternalServerError);
        else
            await TextAsync(context, encryptor.Encrypt(plain));
    }

    private static async Task DecryptAsync(HttpContext context)
    {
        if (await BodyAsync(context) is not { Length: > 0 } cipher)
            await SpringError.WriteAsync(context, StatusCodes.Status400BadRequest);
        else if (Encryptor(context) is not { } encryptor)
            await SpringError.WriteAsync(context, StatusCodes.Status500InternalServerError);
        else if (encryptor.TryDecrypt(Ciphers.WithoutSelectors(cipher.Trim()), out var plain))
            await TextAsync(context, plain);
        else
            await SpringError.WriteAsync(context, StatusCodes.Status400BadRequest);
    }

    private static Task StatusAsync(HttpContext context)
        => Encryptor(context) is null ? SpringError.WriteAsync(context, StatusCodes.Status500InternalServerError) : WriteAsync(context, Json, "{\"status\":\"OK\"}");

    /// <summary>A symmetric key has no public half.</summary>
    private static Task KeyAsync(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status404NotFound;
        return WriteAsync(context, Json, "{\"description\":\"No public key available\",\"status\":\"NOT_FOUND\"}");
    }

    private static TextEncryptor? Encryptor(HttpContext context) => context.RequestServices.GetRequiredService<Ciphers>().Encryptor;

    /// <summary>The value in the body; null when it is not UTF-8. curl's <c>-d</c> sends it as a form, with one name and no value.</summary>
    private static async Task<string?> BodyAsync(HttpContext context)
    {
        // Longer than a server takes is 413, told by the middleware.
        using var reader = new StreamReader(context.Request.Body, new UTF8Encoding(false, throwOnInvalidBytes: true));
        try
        {
            var text = await reader.ReadToEndAsync(context.RequestAborted);
            if (context.Request.ContentType?.StartsWith("application/x-www-form-urlencoded", StringComparison.OrdinalIgnoreCase) != true)
                return text;
            return WebUtility.UrlDecode(text.EndsWith('=') ? text[..^1] : text);
        }
        catch (DecoderFallbackException)
        {
            // Not text, for which the caller is told 400.
            return null;
        }
    }

    private static Task TextAsync(HttpContext context, string text)
        => WriteAsync(context, context.Request.Headers.Accept.ToString().Contains(Json, StringComparison.OrdinalIgnoreCase) ? Json : "text/plain;charset=UTF-8", text);

    private static async Task WriteAsync(HttpContext context, string contentType, string text)
    {
        var body = Encoding.UTF8.GetBytes(text);
        context.Response.ContentType = contentType;
        context.Response.ContentLength = body.Length;
        context.Response.Headers.CacheControl = "no-store";
        context.Response.Headers.XContentTypeOptions = "nosniff";
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
