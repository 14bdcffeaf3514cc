using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Pages;

/// <summary>The link that skips to the content moves the focus, and leaves alone what is under way.</summary>
[Collection(Browsing.Name)]
public sealed class SkipLinkTests(OneBrowser browser)
{
    [Fact]
    public async Task What_was_typed_stays()
    {
        await using var visit = await browser.OpenAsync("/wallet", await browser.MemberAsync());
        var name = visit.Page.Locator("#profile-name");
        await name.FillAsync("반쯤 쓴 이름");
        await SkipAsync(visit.Page);
        await Assertions.Expect(name).ToHaveValueAsync("반쯤 쓴 이름");
        // Back over the step within the page is none to another view either.
        await visit.Page.GoBackAsync();
        await Assertions.Expect(name).ToHaveValueAsync("반쯤 쓴 이름");
    }

    [Fact]
    public async Task A_claim_that_is_being_sent_goes_on()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        await visit.FaceAsync("ready");
        var answered = new TaskCompletionSource();
        await visit.Page.RouteAsync("**/claims", async route =>
        {
            await answered.Task;
            await route.ContinueAsync();
        });
        await visit.Button.ClickAsync();
        await visit.FaceAsync("sending");
        await SkipAsync(visit.Page);
        await visit.FaceAsync("sending");
        answered.SetResult();
        await visit.FaceAsync("issued");
        Assert.Equal(1, visit.Claims);
    }

    private static async Task SkipAsync(IPage page)
    {
        await page.Locator(".skip").FocusAsync();
        await page.Keyboard.PressAsync("Enter");
        await Assertions.Expect(page.Locator("#main")).ToBeFocusedAsync();
        Assert.EndsWith("#main", page.Url, StringComparison.Ordinal);
    }
}
