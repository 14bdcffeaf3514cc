using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;

namespace FirstCome.Web.Pages;

/// <summary>The members' page, at each of its paths, and its assets. Everything else is a 404 problem.</summary>
internal static class ServePages
{
    /// <summary>The page may use its own script, style and images and call its own origin; nothing inline, nothing from elsewhere, in no frame, and no text becomes markup.</summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private const string AskAgain = "no-cache", ForGood = "public, max-age=31536000, immutable";
    private static readonly string[] s_methods = [HttpMethods.Get, HttpMethods.Head];

    public static void MapPages(this WebApplication app)
    {
        var files = new PageFiles();
        // One document; its script shows what the path names.
        foreach (var path in (string[])["/", "/campaigns/{id:guid}", "/wallet"]) { app.MapMethods(path, s_methods, SendPageAsync).ExcludeFromDescription(); }
        app.MapMethods("/assets/{version}/{name}", s_methods, (string version, string name, HttpContext context) =>
        {
            if (files.Asset(name) is not { } file) { return Problems.WriteAsync(context, ProblemTypes.NotFound); }
            TellBrowser(context.Response);
            // A page from before an update still finds its assets, as they are now; it must not keep them under the old name.
            return file.SendAsync(context, version == files.Version ? ForGood : AskAgain);
        }).ExcludeFromDescription();

        Task SendPageAsync(HttpContext context)
        {
            TellBrowser(context.Response);
            context.Response.Headers.AppendCommaSeparatedValues("Vary", "Accept-Language");
            return files.Index(Language.Preferred(context.Request)).SendAsync(context, AskAgain);
        }
    }

    private static void TellBrowser(HttpResponse response)
    {
        response.Headers.ContentSecurityPolicy = ContentSecurityPolicy;
        response.Headers.XContentTypeOptions = "nosniff";
        response.Headers["Referrer-Policy"] = "same-origin";
        response.Headers["Cross-Origin-Opener-Policy"] = "same-origin";
        response.Headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()";
    }
}
