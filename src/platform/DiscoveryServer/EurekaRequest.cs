using System.Globalization;
using FirstCome.Eureka.Wire;
using FirstCome.ServiceDefaults;
using Microsoft.Net.Http.Headers;

namespace FirstCome.DiscoveryServer;

/// <summary>What requests of the contract have in common.</summary>
internal static class EurekaRequest
{
    /// <summary>The instance that the path names: its application in upper case, and its id.</summary>
    public static (string App, string Id) Key(HttpContext context) => (App(context), Segment(context, "id"));

    public static string App(HttpContext context) => Segment(context, "app").ToUpperInvariant();

    /// <summary>A segment of the path. The server leaves %2F encoded, lest it be taken for a separator; here it is one character of an id.</summary>
    public static string Segment(HttpContext context, string name) =>
        ((string)context.Request.RouteValues[name]!).Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a peer passes on what it was told.</summary>
    public static bool IsReplicated(HttpContext context) => context.Request.Headers["x-netflix-discovery-replication"] == "true";

    /// <summary>False where it is there and no number.</summary>
    public static bool TryDirtyTimestamp(HttpContext context, out long? timestamp)
    {
        timestamp = null;
        string? text = context.Request.Query["lastDirtyTimestamp"];
        if (string.IsNullOrEmpty(text)) return true;
        if (!long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)) return false;
        timestamp = number;
        return true;
    }

    public static bool TryStatus(HttpContext context, out InstanceStatus status)
    {
        var named = WireNames.Status(context.Request.Query["value"]);
        status = named ?? InstanceStatus.Unknown;
        return named is not null;
    }

    /// <summary>A browser: it asks for HTML before anything else.</summary>
    public static bool IsBrowser(HttpContext context) =>
        ((string?)context.Request.Headers.Accept)?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true;

    public static bool TakesGzip(HttpContext context)
    {
        string? encodings = context.Request.Headers[HeaderNames.AcceptEncoding];
        return encodings?.Contains("gzip", StringComparison.OrdinalIgnoreCase) == true;
    }

    /// <summary>The whole body, which the server bounds.</summary>
    /// <exception cref="BadHttpRequestException">It is too long, or ends too early.</exception>
    public static async Task<ReadOnlyMemory<byte>> ReadBodyAsync(HttpContext context)
    {
        var body = new MemoryStream(capacity: (int)Math.Clamp(context.Request.ContentLength ?? 2048, 0, ServiceHosting.BodyBytesMax));
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        return body.GetBuffer().AsMemory(0, (int)body.Length);
    }
}
