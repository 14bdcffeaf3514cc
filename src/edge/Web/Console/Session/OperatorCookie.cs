using Microsoft.AspNetCore.Authentication.Cookies;
using Microsoft.Extensions.Options;

namespace FirstCome.Web.Console.Session;

/// <summary>The console's cookie: it names a session that stands in Redis and holds nothing else.</summary>
internal sealed class OperatorCookie(OperatorSessions sessions) : IConfigureNamedOptions<CookieAuthenticationOptions>
{
    public const string Name = "fc-console", SignInPath = ConsoleHosting.Prefix + "/sign-in";

    public void Configure(CookieAuthenticationOptions options) => Configure(Options.DefaultName, options);

    public void Configure(string? name, CookieAuthenticationOptions options)
    {
        (options.Cookie.Name, options.Cookie.Path, options.Cookie.HttpOnly, options.Cookie.SameSite) = (Name, ConsoleHosting.Prefix, true, SameSiteMode.Strict);
        options.Cookie.SecurePolicy = CookieSecurePolicy.SameAsRequest;
        options.SessionStore = sessions;
        options.ExpireTimeSpan = OperatorSessions.IdleMax;
        options.SlidingExpiration = false;
        options.Events.OnRedirectToLogin = context =>
        {
            // Whoever carries a cookie was signed in: the page says that it ended.
            var ended = context.Request.Cookies.ContainsKey(Name) ? "&told=ended" : "";
            context.Response.Redirect($"{SignInPath}?back={Uri.EscapeDataString(context.Request.Path + context.Request.QueryString)}{ended}");
            return Task.CompletedTask;
        };
        options.Events.OnRedirectToAccessDenied = context =>
        {
            context.Response.Redirect(ConsoleHosting.Prefix + "/refused");
            return Task.CompletedTask;
        };
    }
}
