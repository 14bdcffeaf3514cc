using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using FirstCome.Contracts.Problems;
using FirstCome.Gateway.Documents;
using FirstCome.ServiceDefaults;

namespace FirstCome.Gateway.Pages;

/// <summary><c>/problems/{slug}</c>: what a problem's <c>type</c> means and what to do, in Korean and English; <c>/problems</c> lists them. Made from the catalogue once, at start.</summary>
internal static class ProblemPages
{
    public static void MapProblemPages(this WebApplication app)
    {
        var css = EmbeddedText.Read("page.css");
        var index = Index();
        var pages = ProblemTypes.All.ToFrozenDictionary(type => type.Slug, Page);
        app.MapGet("/problems", () => Html(index)).ExcludeFromDescription();
        app.MapGet("/problems/page.css", () => Results.Text(css, "text/css; charset=utf-8")).ExcludeFromDescription();
        app.MapGet("/problems/{slug}", (string slug) => pages.TryGetValue(slug, out var page) ? Html(page) : Problems.Result(ProblemTypes.NotFound)).ExcludeFromDescription();
    }

    private static IResult Html(string page) => Results.Text(page, "text/html; charset=utf-8");

    internal static string Page(ProblemType type) => Frame($"{type.TitleKo} · {type.TitleEn}", $"""
            <p class="soft"><code>{type.Slug}</code> · HTTP {type.Status.ToString(CultureInfo.InvariantCulture)}</p>
            <section lang="ko">
              <h1>{Text(type.TitleKo)}</h1>
              <p>{Text(type.MeaningKo)}</p>
            </section>
            <section lang="en">
              <h2>{Text(type.TitleEn)}</h2>
              <p>{Text(type.MeaningEn)}</p>
            </section>
            <section>
              <p><a href="/problems"><span lang="ko">모든 오류</span> · All problems</a></p>
            </section>
        """);

    private static string Index() => Frame("오류 목록 · Problems", $"""
            <h1><span lang="ko">오류 목록</span> · Problems</h1>
            <table>
              <thead><tr><th>HTTP</th><th>type</th><th lang="ko">한국어</th><th>English</th></tr></thead>
              <tbody>
        {string.Join('\n', ProblemTypes.All.Select(type => $"""        <tr><td>{type.Status}</td><td><a href="/problems/{type.Slug}"><code>{type.Slug}</code></a></td><td lang="ko">{Text(type.TitleKo)}</td><td>{Text(type.TitleEn)}</td></tr>"""))}
              </tbody>
            </table>
        """);

    private static string Frame(string title, string body) => $"""
        <!doctype html>
        <html lang="ko">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>{Text(title)} · FirstCome</title>
          <link rel="stylesheet" href="/problems/page.css">
        </head>
        <body>
          <main>
        {body}
          </main>
        </body>
        </html>
        """;

    private static string Text(string text) => WebUtility.HtmlEncode(text);
}
