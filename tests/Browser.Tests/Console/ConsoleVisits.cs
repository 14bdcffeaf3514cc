using FirstCome.Rehearsal.Standalone;

namespace FirstCome.BrowserTests.Console;

/// <summary>How operators come in.</summary>
internal static class ConsoleVisits
{
    /// <summary>Signs in with the demo account of a role and opens a page of the console.</summary>
    public static async Task<Visit> EnterAsync(this OneBrowser browser, string role, string path, View view)
    {
        var visit = await browser.OpenAsync($"/console/sign-in?back=/{path}", view: view);
        var (email, password) = StandaloneSystem.DemoAccount(browser.System.Data, role) ?? throw new InvalidOperationException($"There is no demo {role}.");
        await visit.Page.Locator("#email").FillAsync(email);
        await visit.Page.Locator("#password").FillAsync(password);
        await visit.Page.Locator("button[type=submit]").ClickAsync();
        await visit.Page.Locator("h1").WaitForAsync();
        return visit;
    }
}
