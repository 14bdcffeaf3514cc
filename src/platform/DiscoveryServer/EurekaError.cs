using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using FirstCome.Eureka.Wire;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace FirstCome.DiscoveryServer;

/// <summary>The error body of Spring Boot, which clients of the original may show to their operators: JSON unless the caller takes XML only.</summary>
internal static class EurekaError
{
    // The plus of an offset and letters of any script in a path stay as they are.
    private static readonly ErrorJson Bodies = new(
        new JsonSerializerOptions { PropertyNamingPolicy = JsonNamingPolicy.CamelCase, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    public static Task Write(HttpContext context, TimeProvider time)
    {
        var status = context.Response.StatusCode;
        var error = new ErrorBody(
            time.GetUtcNow().ToString("yyyy-MM-dd'T'HH:mm:ss.fffzzz", CultureInfo.InvariantCulture),
            status,
            ReasonPhrases.GetReasonPhrase(status),
            XmlTextOf(context.Request.PathBase.Add(context.Request.Path).Value ?? ""));
        return ContentType(context.Request.Headers.Accept) switch
        {
            null => EurekaResponse.Empty(context),
            AnswerForm.Xml => EurekaResponse.Bytes(context, error.ToXml(), "application/xml;charset=UTF-8", status),
            var json => EurekaResponse.Bytes(context, JsonSerializer.SerializeToUtf8Bytes(error, Bodies.ErrorBody), json, status),
        };
    }

    /// <summary>The first type of Accept in which errors can be told; null where there is none.</summary>
    private static string? ContentType(string? accept)
    {
        if (string.IsNullOrWhiteSpace(accept) || accept.Contains("html", StringComparison.OrdinalIgnoreCase)) return AnswerForm.Json;
        foreach (var range in accept.AsSpan().Split(','))
        {
            var type = AnswerForm.TypeOf(accept.AsSpan(range));
            var isJson = type.Equals(AnswerForm.Json, StringComparison.OrdinalIgnoreCase) || type is "application/*" or "*/*" or "application/*+json";
            if (isJson) return AnswerForm.Json;
            if (type.Equals(AnswerForm.Xml, StringComparison.OrdinalIgnoreCase)) return AnswerForm.Xml;
            var isOwnJson = type.EndsWith("+json", StringComparison.OrdinalIgnoreCase);
            if (isOwnJson && MediaTypeHeaderValue.TryParse(type.ToString(), out var own)) return own.ToString();
        }

        return null;
    }

    // A path may hold, decoded, what neither form can carry.
    private static string XmlTextOf(string path) => string.Concat(path.Select(c => char.IsControl(c) || char.IsSurrogate(c) || c >= '\uFFFE' ? '?' : c));
}

internal sealed record ErrorBody(string Timestamp, int Status, string Error, string Path)
{
    public byte[] ToXml() => EurekaXmlWriter.Fields("Map",
        ("timestamp", Timestamp), ("status", Status.ToString(CultureInfo.InvariantCulture)), ("error", Error), ("path", Path));
}

[JsonSerializable(typeof(ErrorBody))]
internal sealed partial class ErrorJson : JsonSerializerContext;
