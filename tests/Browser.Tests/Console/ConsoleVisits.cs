using FirstCome.Rehearsal.Standalone;
using Microsoft.Playwright;

namespace FirstCome.BrowserTests.Console;

/// <summary>How operators come in.</summary>
internal static class ConsoleVisits
{
    /// <summary>Signs in with the demo account of a role and opens a page of the console.</summary>
    public static async Task<Visit> EnterAsync(this OneBrowser browser, string role, string path, View view)
    {
        await browser.StartAsync();
        var (email, password) = StandaloneSystem.DemoAccount(browser.System.Data, role) ?? throw new InvalidOperationException($"There is no demo {role}.");
        return await browser.EnterAsync(new Member(email, password, role), path, view);
    }

    /// <summary>As an account that has a role; <paramref name="prepare"/> does something to the page before it shows the console.</summary>
    public static async Task<Visit> EnterAsync(this OneBrowser browser, Member member, string path, View view, Func<IPage, Task>? prepare = null)
    {
        var visit = await browser.OpenAsync($"/console/sign-in?back=/{path}", view: view);
        if (prepare is not null) { await prepare(visit.Page); }
        await visit.Page.Locator("#email").FillAsync(member.Email);
        await visit.Page.Locator("#password").FillAsync(member.Password);
        await visit.Page.Locator("button[type=submit]").ClickAsync();
        // Within the console's own frame, which the sign-in page, and whoever is refused, does not have.
        await visit.Page.Locator(".mud-main-content h1").WaitForAsync();
        return visit;
    }
}
