using FirstCome.Authentication;
using FirstCome.Contracts.Problems;
using FirstCome.Gateway.Limits;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Routing.Template;

namespace FirstCome.Gateway.Routing;

internal static class RouteEndpoints
{
    /// <summary>An endpoint for each row of the table, and refusals for what must not be handed on.</summary>
    public static void MapRoutes(this WebApplication app, IReadOnlyList<ServiceRoute> table)
    {
        var forward = app.Services.GetRequiredService<ForwardRequest>();
        foreach (var route in table)
        {
            var handler = forward.For(route);
            var endpoint = (route.Methods.Length == 0 ? app.Map(route.Pattern, handler) : app.MapMethods(route.Pattern, route.Methods, handler)).ExcludeFromDescription();
            if (route.NeedsToken) { endpoint.RequireToken(); }
            if (route.SignsIn) { endpoint.WithMetadata(new CountsSignInFailures()); }
            if (route.IsPage) { endpoint.WithMetadata(new CountsAsPage()); }
            if (route.BodyBytesMax is { } bytes) { endpoint.WithMetadata(new RequestSizeLimitAttribute(bytes)); }
        }
        var methods = new MethodsByPath(table);
        foreach (var hidden in (string[])["/api/{**rest}", "/internal/{**rest}", "/openapi/{**rest}", "/.well-known/{**rest}", "/eureka/{**rest}"])
        {
            app.Map(hidden, context => RefuseAsync(context, methods)).ExcludeFromDescription();
        }
    }

    // The catch-all takes what a route has under another method; routing alone would say 405 only where there is none.
    private static Task RefuseAsync(HttpContext context, MethodsByPath methods)
    {
        var allowed = methods.Of(context.Request.Path);
        if (allowed.Count == 0) { return Problems.WriteAsync(context, ProblemTypes.NotFound); }
        context.Response.Headers.Allow = string.Join(", ", allowed);
        return Problems.WriteAsync(context, ProblemTypes.MethodNotAllowed);
    }
}

/// <summary>Which methods the table has for a path.</summary>
internal sealed class MethodsByPath(IReadOnlyList<ServiceRoute> table)
{
    private readonly (TemplateMatcher Matcher, string[] Methods)[] _routes =
        [.. table.Where(route => route.Methods.Length > 0).Select(route => (new TemplateMatcher(TemplateParser.Parse(route.Pattern), []), route.Methods))];

    public IReadOnlyList<string> Of(PathString path) => [.. _routes.Where(route => route.Matcher.TryMatch(path, [])).SelectMany(route => route.Methods).Distinct().Order(StringComparer.Ordinal)];
}
