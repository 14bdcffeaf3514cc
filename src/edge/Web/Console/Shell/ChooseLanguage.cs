using FirstCome.Web.Console.Session;
using Microsoft.AspNetCore.Authorization;

namespace FirstCome.Web.Console.Shell;

/// <summary><c>GET /console/language/{ko|en}?back=</c>: remembers the language and goes back.</summary>
internal static class ChooseLanguage
{
    private static readonly TimeSpan s_keptFor = TimeSpan.FromDays(365);

    public static void MapLanguage(this IEndpointRouteBuilder console) => console.MapGet("/language/{language}", (string language, HttpContext context) =>
    {
        if (language is not (ConsoleTexts.Korean or ConsoleTexts.English)) { return Results.NotFound(); }
        context.Response.Cookies.Append(ConsoleTexts.Cookie, language, new CookieOptions
        {
            HttpOnly = true,
            SameSite = SameSiteMode.Lax,
            Secure = context.Request.IsHttps,
            Path = ConsoleHosting.Prefix,
            MaxAge = s_keptFor,
            IsEssential = true,
        });
        return Results.LocalRedirect(ConsoleHosting.Prefix + SignInOut.Back(context.Request.Query["back"]));
    }).WithMetadata(new AllowAnonymousAttribute());
}
