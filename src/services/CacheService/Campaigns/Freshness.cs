using System.Globalization;

namespace FirstCome.CacheService.Campaigns;

/// <summary>
/// Tells how old an answer is: <c>Age</c> in seconds since the owner confirmed it (RFC 9111), and <c>Cache-Status</c> (RFC 9211), whose <c>ttl</c> is negative
/// for an answer that is given only because the owner is away. Nobody else may keep the answer: it depends on the caller and on the clock.
/// </summary>
internal static class Freshness
{
    public static void Tell(HttpResponse response, DateTimeOffset confirmedAt, TimeSpan freshFor, CacheLayer layer, DateTimeOffset now)
    {
        var age = now > confirmedAt ? now - confirmedAt : TimeSpan.Zero;
        response.Headers.Age = ((long)age.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        response.Headers["Cache-Status"] = layer == CacheLayer.Source
            ? "cache-service; fwd=miss; stored"
            : string.Create(CultureInfo.InvariantCulture, $"cache-service; hit; ttl={(long)Math.Floor((freshFor - age).TotalSeconds)}; detail={(layer == CacheLayer.Memory ? "memory" : "redis")}");
        response.Headers.CacheControl = "no-store";
        response.Headers.Vary = "Authorization";
    }
}
