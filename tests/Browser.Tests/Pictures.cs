using FirstCome.TestKit;
using Microsoft.Playwright;

namespace FirstCome.BrowserTests;

/// <summary>The pictures in <c>docs/screens</c>, made anew with <c>FIRSTCOME_SCREENS=1</c>.</summary>
internal static class Pictures
{
    private const string Korean = "-ko", English = "-en";

    /// <summary>Of a member's page, whose language changes in its place, one in each language; of others the one that is shown.</summary>
    public static async Task TakeAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FIRSTCOME_SCREENS") != "1") { return; }
        await ShootAsync(page, name);
        if (!name.EndsWith(Korean, StringComparison.Ordinal) || await page.Locator("[data-language=en]").CountAsync() == 0) { return; }
        await page.EvaluateAsync("document.querySelector('[data-language=en]').click()");
        await ShootAsync(page, name[..^Korean.Length] + English);
        await page.EvaluateAsync("document.querySelector('[data-language=ko]').click()");
    }

    private static async Task ShootAsync(IPage page, string name)
    {
        // What stays in its place would stand in the middle of a page that was scrolled.
        await page.EvaluateAsync("scrollTo(0, 0)");
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(ProjectRoot.Folder, "docs", "screens", name + ".png"), FullPage = true });
    }
}
