using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Wallet;

[Collection(Browsing.Name)]
public sealed class WalletTests(OneBrowser browser)
{
    private static readonly TimeSpan s_answered = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task A_member_reads_his_coupons_changes_his_name_and_language_and_signs_out_in_every_tab()
    {
        var member = await browser.MemberAsync();
        await using var visit = await browser.OpenAsync("/wallet", member);
        await Assertions.Expect(visit.Page.GetByText("아직 받은 쿠폰이 없습니다.")).ToBeVisibleAsync();
        await visit.LookAsync("wallet-empty-ko");

        var campaign = await browser.CampaignAsync(10);
        await visit.Page.GotoAsync($"/campaigns/{campaign}");
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
        var code = await visit.Page.Locator(".own code").TextContentAsync();
        await visit.Page.Locator("nav a[href='/wallet']").ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".coupon code")).ToHaveTextAsync(code!);
        await Assertions.Expect(visit.Page.GetByRole(AriaRole.Img, new() { Name = $"쿠폰 코드 {code}의 QR 코드" })).ToBeVisibleAsync();

        await visit.Page.Locator("#profile-name").FillAsync("이름이 아주 아주 긴 회원");
        await visit.Page.Locator("#profile-locale").SelectOptionAsync("en");
        await visit.Page.Locator("#profile-save").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("h1:visible")).ToHaveTextAsync("My coupons");
        await Assertions.Expect(visit.Page.Locator(".note")).ToHaveTextAsync("Saved.");
        await Assertions.Expect(visit.Page).ToHaveTitleAsync("My coupons · FirstCome");
        await visit.Page.ReloadAsync();
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveValueAsync("이름이 아주 아주 긴 회원");
        await Assertions.Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("lang", "en");

        var tab = await visit.TabAsync("/wallet");
        await Assertions.Expect(tab.Locator(".coupon code")).ToHaveTextAsync(code!);
        await visit.Page.Locator("#account").ClickAsync();
        await Assertions.Expect(visit.Page.GetByText("Sign in to see your coupons.")).ToBeVisibleAsync();
        await Assertions.Expect(tab.GetByText("Sign in to see your coupons.")).ToBeVisibleAsync();
        await Assertions.Expect(tab.Locator(".coupon")).ToHaveCountAsync(0);
        // The page shows it at once, the cookie goes with the server's answer.
        await Eventually.TrueAsync(async () => (await visit.Context.CookiesAsync()).All(cookie => cookie.Name != "fc-session"), s_answered, "the session's cookie is gone");
    }

    [Fact]
    public async Task The_session_is_in_a_cookie_that_no_script_reads()
    {
        await using var visit = await browser.OpenAsync("/wallet", await browser.MemberAsync());
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToBeVisibleAsync();
        var cookie = Assert.Single(await visit.Context.CookiesAsync([browser.Url + "session"]), cookie => cookie.Name == "fc-session");
        Assert.Equal((true, SameSiteAttribute.Strict), (cookie.HttpOnly, cookie.SameSite));
        Assert.DoesNotContain("fc-session", await visit.Page.EvaluateAsync<string>("document.cookie"), StringComparison.Ordinal);
        // Nothing that opens the account lies in the storage that scripts read.
        var stored = await visit.Page.EvaluateAsync<string>("JSON.stringify({ ...localStorage, ...sessionStorage })");
        Assert.DoesNotContain(cookie.Value, stored, StringComparison.Ordinal);
        Assert.DoesNotContain("eyJ", stored, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wrong_password_is_told_at_the_form()
    {
        await using var visit = await browser.OpenAsync("/wallet");
        await visit.Page.Locator("#wallet-view button").ClickAsync();
        await visit.Page.Locator("#account-submit").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#email")).ToHaveAttributeAsync("aria-invalid", "true");
        await visit.Page.Locator("#email").FillAsync("nobody@example.com");
        await visit.Page.Locator("#password").FillAsync("not the right one");
        await visit.Page.Locator("#account-submit").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#form-problem")).ToHaveTextAsync("이메일 또는 비밀번호가 맞지 않습니다.");
        await visit.LookAsync("sign-in-failed-ko");
        // What was said is said in the other language too.
        await visit.Page.EvaluateAsync("document.querySelector('[data-language=en]').click()");
        await Assertions.Expect(visit.Page.Locator("#form-problem")).ToHaveTextAsync("The e-mail address or the password is wrong.");
    }
}
