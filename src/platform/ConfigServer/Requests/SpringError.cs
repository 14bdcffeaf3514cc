using System.Globalization;
using System.Text;
using FirstCome.ConfigServer.TextFormats;

namespace FirstCome.ConfigServer.Requests;

/// <summary>Errors as Spring Boot words them, because that is what config clients read.</summary>
internal static class SpringError
{
    public static async Task WriteAsync(HttpContext context, int status)
    {
        var error = status switch
        {
            StatusCodes.Status400BadRequest => "Bad Request",
            StatusCodes.Status401Unauthorized => "Unauthorized",
            StatusCodes.Status403Forbidden => "Forbidden",
            StatusCodes.Status404NotFound => "Not Found",
            StatusCodes.Status405MethodNotAllowed => "Method Not Allowed",
            StatusCodes.Status503ServiceUnavailable => "Service Unavailable",
            _ => "Internal Server Error",
        };
        var now = context.RequestServices.GetRequiredService<TimeProvider>().GetUtcNow();
        var json = new JsonText(escapeAstral: true)
            .Raw("{\"timestamp\":").Text(now.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'+00:00'", CultureInfo.InvariantCulture))
            .Raw(string.Create(CultureInfo.InvariantCulture, $",\"status\":{status},\"error\":")).Text(error)
            .Raw(",\"path\":").Text(ConfigRoute.RawPath(context)).Raw("}");
        var body = Encoding.UTF8.GetBytes(json.ToString());
        context.Response.StatusCode = status;
        if (status == StatusCodes.Status401Unauthorized)
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"settings\", charset=\"UTF-8\"";
        context.Response.ContentType = "application/json";
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }
}
