using FirstCome.TestKit;
using Microsoft.Playwright;

namespace FirstCome.BrowserTests;

/// <summary>The pictures in <c>docs/screens</c>, made anew with <c>FIRSTCOME_SCREENS=1</c>.</summary>
internal static class Pictures
{
    public static async Task TakeAsync(IPage page, string name)
    {
        if (Environment.GetEnvironmentVariable("FIRSTCOME_SCREENS") != "1") { return; }
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(ProjectRoot.Folder, "docs", "screens", name + ".png"), FullPage = true });
    }
}
