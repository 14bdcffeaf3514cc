using FirstCome.Gateway.Limits;
using FirstCome.ServiceDefaults;

namespace FirstCome.Gateway.Pages;

/// <summary>The gateway's clock, for countdowns.</summary>
/// <param name="Now">UTC.</param>
internal sealed record ServerTime(DateTimeOffset Now);

internal static class ServeTime
{
    /// <summary><c>GET /api/time</c>; for pages that count down to an opening. The window itself is judged by the gate's clock.</summary>
    public static void MapTime(this WebApplication app) =>
        app.MapGet("/api/time", (HttpContext context, TimeProvider time) =>
        {
            context.Response.Headers.CacheControl = "no-store";
            return Results.Json(new ServerTime(time.GetUtcNow()), ApiJson.Options);
        }).WithMetadata(new CountsAsPage()).WithName("getTime").WithSummary("The server's clock").Produces<ServerTime>();
}
