using System.Text.RegularExpressions;
using FirstCome.Contracts.Coupons;
using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Console;

/// <summary>How a session of the console ends, and what becomes of a page whose connection is lost.</summary>
[Collection(Browsing.Name)]
public sealed class ConsoleSessionTests(OneBrowser browser)
{
    [Fact]
    public async Task Signing_out_everywhere_ends_an_open_page_elsewhere_with_its_next_action()
    {
        var merchant = await MerchantAsync();
        await using var here = await browser.EnterAsync(merchant, "redeem", View.Desk);
        await using var elsewhere = await browser.EnterAsync(merchant, "redeem", View.Desk);
        await here.Page.GotoAsync("/console/sign-out");
        await here.LookAsync("console-sign-out-ko");
        await here.Page.GetByRole(AriaRole.Button, new() { Name = "모든 곳에서 로그아웃" }).ClickAsync();
        await Assertions.Expect(here.Page.GetByText("로그아웃했습니다.")).ToBeVisibleAsync();

        // A code that is well formed is looked up at once; the services hear of it a moment after who signed out.
        await Eventually.TrueAsync(async () =>
        {
            try { await elsewhere.Page.GetByLabel("쿠폰 코드").FillAsync(CouponCode.Create(), new() { Timeout = 1_000 }); }
            catch (Exception gone) when (gone is TimeoutException or PlaywrightException)
            {
                // The page has ended.
            }
            return elsewhere.Page.Url.Contains("told=ended", StringComparison.Ordinal);
        }, TimeSpan.FromSeconds(20), "the open page has ended");
        await EndedAsync(elsewhere.Page);
    }

    [Fact]
    public async Task Signing_out_in_one_tab_ends_the_other_with_its_next_action_and_signing_in_leads_back()
    {
        var merchant = await MerchantAsync();
        await using var visit = await browser.EnterAsync(merchant, "redeem", View.Desk);
        var tab = await visit.TabAsync("/console/sign-out");
        await tab.GetByRole(AriaRole.Button, new() { Name = "이 브라우저에서 로그아웃" }).ClickAsync();
        await Assertions.Expect(tab.GetByText("로그아웃했습니다.")).ToBeVisibleAsync();

        // The page still has its circuit, but the session in Redis is gone.
        await visit.Page.GetByLabel("쿠폰 코드").FillAsync(CouponCode.Create());
        await EndedAsync(visit.Page);
        // Another language changes nothing of where one was.
        await visit.Page.GetByRole(AriaRole.Link, new() { Name = "English" }).ClickAsync();
        await Assertions.Expect(visit.Page.GetByLabel("E-mail")).ToBeVisibleAsync();
        await Assertions.Expect(visit.Page.Locator("input[name=back]")).ToHaveValueAsync("/redeem");
        await visit.Page.Locator("#email").FillAsync(merchant.Email);
        await visit.Page.Locator("#password").FillAsync(merchant.Password);
        await visit.Page.Locator("button[type=submit]").ClickAsync();
        await Assertions.Expect(visit.Page).ToHaveURLAsync(new Regex("/console/redeem$"));
    }

    [Fact]
    public async Task A_form_that_outlived_its_session_says_so_in_the_visitor_s_language()
    {
        var merchant = await MerchantAsync();
        await using var visit = await browser.EnterAsync(merchant, "redeem", View.Desk);
        var (one, other) = (await visit.TabAsync("/console/sign-out"), await visit.TabAsync("/console/sign-out"));
        await one.GetByRole(AriaRole.Button, new() { Name = "이 브라우저에서 로그아웃" }).ClickAsync();
        await Assertions.Expect(one.GetByText("로그아웃했습니다.")).ToBeVisibleAsync();
        await other.GetByRole(AriaRole.Button, new() { Name = "이 브라우저에서 로그아웃" }).ClickAsync();
        await EndedAsync(other);

        // Two tabs at the sign-in: the second one's form is of before the first one's session.
        await one.GotoAsync("/console/sign-in?back=/redeem");
        await other.GotoAsync("/console/sign-in?back=/redeem");
        foreach (var tab in (IPage[])[one, other])
        {
            await tab.Locator("#email").FillAsync(merchant.Email);
            await tab.Locator("#password").FillAsync(merchant.Password);
            await tab.Locator("button[type=submit]").ClickAsync();
            await (tab == one ? Assertions.Expect(tab).ToHaveURLAsync(new Regex("/console/redeem$")) : EndedAsync(tab));
        }
        await Assertions.Expect(other.Locator("input[name=back]")).ToHaveValueAsync("/redeem");
    }

    [Fact]
    public async Task A_connection_that_breaks_is_told_and_comes_back_with_what_was_typed()
    {
        await using var visit = await browser.EnterAsync(await MerchantAsync(), "redeem", View.Desk, async page =>
            await page.AddInitScriptAsync("{ const Real = WebSocket; window.sockets = []; window.WebSocket = class extends Real { constructor(...given) { super(...given); window.sockets.push(this); } }; }"));
        var page = visit.Page;
        await page.GetByLabel("주문 번호").FillAsync("A-1001");
        await page.RouteAsync("**/_blazor/**", route => route.AbortAsync());
        await page.EvaluateAsync("window.sockets.forEach(socket => socket.close(4000))");
        await Assertions.Expect(page.GetByText("연결이 끊겼습니다. 다시 연결하고 있습니다.")).ToBeVisibleAsync();
        await visit.LookAsync("console-reconnecting-ko-desk");
        await page.UnrouteAllAsync();
        await Assertions.Expect(page.Locator("#components-reconnect-modal")).ToBeHiddenAsync(new() { Timeout = 30_000 });
        await Assertions.Expect(page.GetByLabel("주문 번호")).ToHaveValueAsync("A-1001");
        // The circuit answers again.
        await page.GetByLabel("쿠폰 코드").FillAsync("x");
        await Assertions.Expect(page.GetByText("아직 맞는 코드가 아닙니다")).ToBeVisibleAsync();
        // The browser's own words on the lost connection.
        visit.Forgive();
    }

    private static async Task EndedAsync(IPage page)
    {
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/console/sign-in.*told=ended"));
        await Assertions.Expect(page.GetByText("세션이 끝났습니다. 다시 로그인하세요.")).ToBeVisibleAsync();
    }

    private async Task<Member> MerchantAsync()
    {
        var member = await browser.MemberAsync("새 가맹점");
        var admin = await browser.System.TokenAsync("admin");
        var found = await browser.System.SendAsync(HttpMethod.Get, $"/api/users?query={Uri.EscapeDataString(member.Email)}", admin);
        var promoted = await browser.System.SendAsync(HttpMethod.Put, $"/api/users/{found.Body["items"]![0]!["id"]}/roles", admin, new { roles = (string[])["merchant"] }, true, ("If-Match", "*"));
        Assert.True((int)promoted.Status == 200, promoted.Text);
        return member;
    }
}
