using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Session;

/// <summary>What the console answers while Redis is away: a page of its own, as every other one of it needs a session or a form's token.</summary>
internal static class SessionStoreAway
{
    private const string RetryAfterSeconds = "5";

    public static Task TellAsync(HttpContext context)
    {
        var language = new ConsoleTexts(new HttpContextAccessor { HttpContext = context }).Language;
        context.Response.StatusCode = StatusCodes.Status503ServiceUnavailable;
        context.Response.Headers.RetryAfter = RetryAfterSeconds;
        context.Response.ContentType = "text/html; charset=utf-8";
        return context.Response.WriteAsync(
            $"""
            <!DOCTYPE html>
            <html lang="{language}">
            <head><meta charset="utf-8" /><meta name="viewport" content="width=device-width, initial-scale=1" /><title>FirstCome</title><link rel="stylesheet" href="{ConsoleHosting.Prefix}/assets/console.css" /></head>
            <body><main class="plain"><h1>{ConsoleTexts.In(language, "store.title")}</h1><p role="alert">{ConsoleTexts.In(language, "store.away")}</p></main></body>
            </html>
            """, context.RequestAborted);
    }
}
