using FirstCome.ConfigServer.Requests;
using Microsoft.Net.Http.Headers;

namespace FirstCome.ConfigServer.Environments;

/// <summary><c>GET /{application}/{profiles}[/{label}]</c>: the property sources, in one of two media types.</summary>
internal sealed class GetEnvironment(EnvironmentResolver environments, WaitForChange changes)
{
    private const string Json = "application/json";
    private const string JsonWithOrigins = "application/vnd.spring-cloud.config-server.v2+json";

    public async Task HandleAsync(HttpContext context, EnvironmentQuery query)
    {
        if (Negotiate(context.Request) is not { } mediaType)
        {
            context.Response.StatusCode = StatusCodes.Status406NotAcceptable;
            context.Response.ContentLength = 0;
            context.Response.Headers.Accept = $"{JsonWithOrigins}, {Json}";
            return;
        }
        var known = context.Request.Headers.IfNoneMatch;
        var (environment, waited) = known.Count > 0 && WaitForChange.Asked(context.Request) is { } wait
            ? await changes.NextAsync(query, found => known == found.EntityTag, wait, context.RequestAborted)
            : (environments.Resolve(query), false);
        if (environment is null)
        {
            await SpringError.WriteAsync(context, StatusCodes.Status404NotFound);
            return;
        }
        context.Response.Headers.ETag = environment.EntityTag;
        if (waited)
            context.Response.Headers["Preference-Applied"] = "wait";
        if (known.Count > 0 && known == environment.EntityTag)
        {
            context.Response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }
        var body = mediaType == Json ? environment.Json : environment.JsonWithOrigins;
        context.Response.ContentType = mediaType;
        context.Response.ContentLength = body.Length;
        await context.Response.Body.WriteAsync(body, context.RequestAborted);
    }

    private static string? Negotiate(HttpRequest request)
    {
        var accept = request.GetTypedHeaders().Accept;
        if (accept.Count == 0)
            return Json;
        foreach (var range in accept.Where(range => range.Quality is not 0).OrderByDescending(range => range.Quality ?? 1))
        {
            if (range.MediaType.Equals(JsonWithOrigins, StringComparison.OrdinalIgnoreCase))
                return JsonWithOrigins;
            if (new MediaTypeHeaderValue(Json).IsSubsetOf(range))
                return Json;
        }
        return null;
    }
}
