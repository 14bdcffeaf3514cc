using Scalar.AspNetCore;

namespace FirstCome.Gateway.Documents;

/// <summary>
/// <c>/api-docs</c>: the page to read and try the API. Its script comes with the Scalar package and is served from here, so the page works without a network; it is started by a script of our own, because the package's
/// page has an inline one, which the content security policy forbids.
/// </summary>
internal static class ApiDocsPage
{
    private const string Assets = "/api-docs/assets";

    // The reference draws with inline styles and data fonts, and shows itself nothing that is not of this origin.
    private const string Policy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; object-src 'none'; base-uri 'self'; "
        + "form-action 'self'; frame-ancestors 'none'";

    public static void MapApiDocs(this WebApplication app)
    {
        app.MapScalarApiReference(Assets, options => options.WithOpenApiRoutePattern("/openapi.json")).ExcludeFromDescription();
        var page = EmbeddedText.Read("api-docs.html");
        var script = EmbeddedText.Read("api-docs.js");
        app.MapGet("/api-docs", (HttpContext context) =>
        {
            context.Response.Headers.ContentSecurityPolicy = Policy;
            return Results.Text(page, "text/html; charset=utf-8");
        }).ExcludeFromDescription();
        app.MapGet("/api-docs/start.js", () => Results.Text(script, "text/javascript; charset=utf-8")).ExcludeFromDescription();
    }
}

internal static class EmbeddedText
{
    /// <summary>A file that is built into the assembly.</summary>
    public static string Read(string name)
    {
        var assembly = typeof(EmbeddedText).Assembly;
        var resource = assembly.GetManifestResourceNames().Single(each => each.EndsWith("." + name, StringComparison.Ordinal));
        using var reader = new StreamReader(assembly.GetManifestResourceStream(resource)!);
        return reader.ReadToEnd();
    }
}
