using System.Net.Http.Headers;

namespace FirstCome.Gateway.Security;

/// <summary>
/// What browsers are told with every answer. A service's own header of the same name wins. Pages may use what this origin serves and nothing else, in no frame; everything under <c>/api</c> is no page at all.
/// </summary>
internal static class SecurityHeaders
{
    private const string ContentSecurityPolicy = "Content-Security-Policy", ReferrerPolicy = "Referrer-Policy", ContentTypeOptions = "X-Content-Type-Options", OpenerPolicy = "Cross-Origin-Opener-Policy";
    private const string StrictTransportSecurity = "Strict-Transport-Security";
    private const string ApiPolicy = "default-src 'none'; frame-ancestors 'none'";
    private static readonly string[] s_all = [ContentSecurityPolicy, ReferrerPolicy, ContentTypeOptions, OpenerPolicy];

    /// <summary>Inline styles are allowed, which pages need for computed widths; inline scripts are not.</summary>
    public const string PagePolicy =
        "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'";

    public static void UseSecurityHeaders(this WebApplication app) => app.Use(static (context, next) =>
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        if (context.Request.Path.StartsWithSegments("/api", StringComparison.Ordinal))
        {
            headers.ContentSecurityPolicy = ApiPolicy;
        }
        else
        {
            headers.ContentSecurityPolicy = PagePolicy;
            headers[ReferrerPolicy] = "strict-origin-when-cross-origin";
            headers[OpenerPolicy] = "same-origin";
        }
        if (context.Request.IsHttps) { headers.StrictTransportSecurity = "max-age=31536000; includeSubDomains"; }
        return next(context);
    });

    /// <summary>Takes back what the service says itself.</summary>
    public static void GiveWay(IHeaderDictionary own, HttpResponseHeaders upstream)
    {
        foreach (var name in s_all) { if (upstream.NonValidated.Contains(name)) { own.Remove(name); } }
        if (own.ContainsKey(StrictTransportSecurity) && upstream.NonValidated.Contains(StrictTransportSecurity)) { own.Remove(StrictTransportSecurity); }
    }
}
