using FirstCome.TestKit;
using Microsoft.Playwright;

namespace FirstCome.BrowserTests;

/// <summary>The pictures in <c>docs/screens</c>, made anew with <c>FIRSTCOME_SCREENS=1</c>.</summary>
internal static class Pictures
{
    private const string Korean = "-ko", English = "-en";

    /// <summary>
    /// One in each language: a member's page changes its language in its place; a page of the console is opened once more in the other language, where <paramref name="again"/> brings it to the same state.
    /// Without <paramref name="again"/> the console's page is taken as it is alone.
    /// </summary>
    public static async Task TakeAsync(IPage page, string name, Func<IPage, Task>? again)
    {
        if (Environment.GetEnvironmentVariable("FIRSTCOME_SCREENS") != "1") { return; }
        await ShootAsync(page, name);
        if (again is not null) { await TakeAgainAsync(page, name, again); }
        if (await page.Locator("[data-language]").CountAsync() == 0) { return; }
        var (shown, other) = name.EndsWith(Korean, StringComparison.Ordinal) ? (Korean, English) : (English, Korean);
        await SwitchAsync(other);
        await ShootAsync(page, name[..^shown.Length] + other);
        await SwitchAsync(shown);

        Task SwitchAsync(string language) => page.EvaluateAsync($"document.querySelector('[data-language={language[1..]}]').click()");
    }

    private static async Task TakeAgainAsync(IPage page, string name, Func<IPage, Task> again)
    {
        var language = await page.Locator("html").GetAttributeAsync("lang");
        var other = $"-{language}" == Korean ? English : Korean;
        var tab = await page.Context.NewPageAsync();
        await tab.GotoAsync(new Uri(new Uri(page.Url), "/console/" + await page.Locator("a[href^='language/']").GetAttributeAsync("href")).ToString());
        await tab.Locator("h1").WaitForAsync();
        await Assertions.Expect(tab.Locator(".mud-progress-linear, .mud-progress-circular")).ToHaveCountAsync(0);
        await again(tab);
        await ShootAsync(tab, name.Replace($"-{language}", other, StringComparison.Ordinal));
        await tab.GotoAsync(new Uri(new Uri(page.Url), "/console/" + await tab.Locator("a[href^='language/']").GetAttributeAsync("href")).ToString());
        await tab.CloseAsync();
    }

    private static async Task ShootAsync(IPage page, string name)
    {
        // What stays in its place would stand in the middle of a page that was scrolled.
        await page.EvaluateAsync("scrollTo(0, 0)");
        // What is as high as the screen, such as a menu at its side, is as high as the picture.
        var screen = page.ViewportSize!;
        var height = await page.EvaluateAsync<int>("document.documentElement.scrollHeight");
        if (height > screen.Height && page.Url.Contains("/console/", StringComparison.Ordinal)) { await page.SetViewportSizeAsync(screen.Width, height); }
        await page.ScreenshotAsync(new PageScreenshotOptions { Path = Path.Combine(ProjectRoot.Folder, "docs", "screens", name + ".png"), FullPage = true });
        await page.SetViewportSizeAsync(screen.Width, screen.Height);
    }
}
