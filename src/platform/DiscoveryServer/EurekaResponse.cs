using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.WebUtilities;

namespace FirstCome.DiscoveryServer;

/// <summary>What answers of the contract have in common.</summary>
internal static class EurekaResponse
{
    private const string Json = "application/json";

    // The plus of an offset and letters of any script in a path stay as they are.
    private static readonly ErrorJson ErrorBodies = new(
        new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Success without a body, whose length the Java client wants to see.</summary>
    public static Task Empty(HttpContext context)
    {
        context.Response.ContentLength = 0;
        return Task.CompletedTask;
    }

    /// <summary>The body of an error is made at the end, in the server's common form.</summary>
    public static Task Status(HttpContext context, int status)
    {
        context.Response.StatusCode = status;
        return Task.CompletedTask;
    }

    public static Task Bytes(HttpContext context, ReadOnlyMemory<byte> body, int status = StatusCodes.Status200OK, bool gzip = false)
    {
        context.Response.StatusCode = status;
        if (gzip) context.Response.Headers.ContentEncoding = "gzip";
        context.Response.ContentType = Json;
        context.Response.ContentLength = body.Length;
        return HttpMethods.IsHead(context.Request.Method) ? Task.CompletedTask : context.Response.Body.WriteAsync(body, context.RequestAborted).AsTask();
    }

    /// <summary>Says in bare words what a registration lacks; the contract calls that JSON.</summary>
    public static Task Refusal(HttpContext context, string complaint) =>
        Bytes(context, System.Text.Encoding.UTF8.GetBytes(complaint), StatusCodes.Status400BadRequest);

    public static Task CannotParse(HttpContext context) =>
        Bytes(context, """{"error": "cannot parse request body"}"""u8.ToArray(), StatusCodes.Status400BadRequest);

    /// <summary>The error body of Spring Boot, which clients of the original may show to their operators.</summary>
    public static Task Error(HttpContext context, TimeProvider time)
    {
        var status = context.Response.StatusCode;
        var error = new ErrorBody(
            time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture),
            status,
            ReasonPhrases.GetReasonPhrase(status),
            context.Request.PathBase.Add(context.Request.Path).Value ?? "");
        return Bytes(context, JsonSerializer.SerializeToUtf8Bytes(error, ErrorBodies.ErrorBody), status);
    }
}

internal sealed record ErrorBody(string Timestamp, int Status, string Error, string Path);

[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class ErrorJson : JsonSerializerContext;
