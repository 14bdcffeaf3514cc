using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Wallet;

/// <summary>Coupons in every state, and a wallet whose answers come late, not at all, or for somebody else.</summary>
[Collection(Browsing.Name)]
public sealed class CouponStateTests(OneBrowser browser)
{
    private static readonly TimeSpan s_made = TimeSpan.FromSeconds(40);

    [Fact]
    public async Task Used_cancelled_and_expired_coupons_say_so_and_show_no_code_to_scan()
    {
        var member = await browser.MemberAsync();
        var token = await browser.System.SignInAsync(member.Email, member.Password);
        var ends = DateTimeOffset.UtcNow.AddSeconds(15);
        await CouponAsync(token, await browser.CampaignAsync(10, change: body =>
        {
            (body["closesAt"], body["validity"]!["until"]) = (ends.ToString("O"), ends.AddSeconds(1).ToString("O"));
            body["validity"]!.AsObject().Remove("days");
        }));
        var used = await CouponAsync(token, await browser.CampaignAsync(10));
        var redeemed = await browser.System.SendAsync(
            HttpMethod.Post, $"/api/coupons/{used}/redemptions", await browser.System.TokenAsync("merchant"), new { orderId = "order-1", orderAmount = new { currency = "KRW", minor = 20_000 } }, true, ("Idempotency-Key", "order-1"));
        Assert.True((int)redeemed.Status == 201, redeemed.Text);
        var cancelled = await CouponAsync(token, await browser.CampaignAsync(10));
        var taken = await browser.System.SendAsync(HttpMethod.Post, $"/api/coupons/{cancelled}/cancel", await browser.System.TokenAsync("operator"), new { reason = "a test" });
        Assert.True((int)taken.Status == 200, taken.Text);
        await Eventually.TrueAsync(
            async () => (await browser.System.SendAsync(HttpMethod.Get, "/api/coupons/me?state=expired", token)).Body["items"]!.AsArray().Count == 1, s_made, "the first coupon is past its time");

        await using var visit = await browser.OpenAsync("/wallet", member);
        foreach (var (state, words) in ((string, string)[])[("used", "사용함"), ("cancelled", "취소됨"), ("expired", "기한 지남")]) { await ShownAsync(visit.Page.Locator($".coupon.{state}"), words); }
        await Assertions.Expect(visit.Page.Locator(".coupon.used > .soft")).ToContainTextAsync(" 사용");
        await visit.LookAsync("wallet-states-ko");
    }

    [Fact]
    public async Task Answers_to_one_member_are_not_shown_to_the_next()
    {
        var (one, other) = (await browser.MemberAsync("앞 사람"), await browser.MemberAsync("뒷사람"));
        var code = await CouponAsync(await browser.System.SignInAsync(one.Email, one.Password), await browser.CampaignAsync(10));
        await using var visit = await browser.OpenAsync("/", one);
        var (asked, answered) = (0, new TaskCompletionSource());
        var late = new TaskCompletionSource();
        await visit.Page.RouteAsync("**/api/coupons/me", async route =>
        {
            if (Interlocked.Increment(ref asked) > 1) { await route.ContinueAsync(); return; }
            var answer = await route.FetchAsync();
            await late.Task;
            try
            {
                await route.FulfillAsync(new() { Response = answer });
            }
            catch (PlaywrightException)
            {
                // The page has given the request up.
            }
            answered.SetResult();
        });
        await visit.Page.Locator("nav a[href='/wallet']").ClickAsync();
        await Eventually.TrueAsync(() => Volatile.Read(ref asked) > 0, s_made, "the page asks for the coupons");
        await visit.Page.Locator("#account").ClickAsync();
        await visit.Page.Locator("#wallet-view button").ClickAsync();
        await visit.Page.Locator("#email").FillAsync(other.Email);
        await visit.Page.Locator("#password").FillAsync(other.Password);
        await visit.Page.Locator("#account-submit").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveValueAsync(other.DisplayName);
        late.SetResult();
        await answered.Task.WaitAsync(s_made, TestContext.Current.CancellationToken);
        // The answer that came late is behind the one to this question, in the page as on the way.
        await visit.Page.EvaluateAsync("fetch('/api/time').then((answer) => answer.text())");
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveValueAsync(other.DisplayName);
        await Assertions.Expect(visit.Page.GetByText("아직 받은 쿠폰이 없습니다.")).ToBeVisibleAsync();
        Assert.DoesNotContain(code, await visit.Page.Locator("body").TextContentAsync() ?? "", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_wallet_that_says_that_it_tries_again_does()
    {
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync());
        await visit.Page.RouteAsync("**/api/coupons/me", route => route.AbortAsync());
        await visit.Page.GotoAsync("/wallet");
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToContainTextAsync("자동으로 다시 시도합니다");
        await visit.Page.UnrouteAllAsync();
        await Assertions.Expect(visit.Page.GetByText("아직 받은 쿠폰이 없습니다.")).ToBeVisibleAsync(new() { Timeout = (float)s_made.TotalMilliseconds });
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_network_that_is_back_brings_the_view_back()
    {
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync());
        await visit.Page.Clock.InstallAsync();
        await visit.Page.GotoAsync("/");
        await Assertions.Expect(visit.Page.Locator("#list-empty")).Not.ToContainTextAsync("불러오는");
        await visit.Context.SetOfflineAsync(true);
        await visit.Page.Locator("nav a[href='/wallet']").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToBeVisibleAsync();
        // So many tries in vain that the next one would be a minute away.
        for (var i = 0; i < 8; i++) { await visit.Page.Clock.RunForAsync(30_000); }
        await visit.Context.SetOfflineAsync(false);
        await Assertions.Expect(visit.Page.GetByText("아직 받은 쿠폰이 없습니다.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_copied_code_is_told_to_everybody()
    {
        var member = await browser.MemberAsync();
        var campaign = await browser.CampaignAsync(10);
        var code = await CouponAsync(await browser.System.SignInAsync(member.Email, member.Password), campaign);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", member);
        await visit.Context.GrantPermissionsAsync(["clipboard-read", "clipboard-write"]);
        await visit.FaceAsync("have");
        await visit.Page.Locator(".own button").ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".note")).ToHaveTextAsync("복사했습니다.");
        Assert.Equal(code, await visit.Page.EvaluateAsync<string>("navigator.clipboard.readText()"));
    }

    private static async Task ShownAsync(ILocator coupon, string words)
    {
        await Assertions.Expect(coupon.Locator(".badge")).ToHaveTextAsync(words);
        await Assertions.Expect(coupon.Locator(".card-name")).ToHaveTextAsync("한여름 밤의 선착순 할인");
        await Assertions.Expect(coupon.Locator(".qr")).ToHaveCountAsync(0);
    }

    // A claim, and the code of the coupon that comes of it.
    private async Task<string> CouponAsync(string token, string campaign)
    {
        Assert.Equal(202, (int)(await browser.System.ClaimAsync(campaign, token)).Status);
        string? code = null;
        await Eventually.TrueAsync(
            async () =>
            {
                var coupons = (await browser.System.SendAsync(HttpMethod.Get, "/api/coupons/me", token)).Body["items"]!.AsArray();
                code = coupons.FirstOrDefault(coupon => coupon!["campaignId"]!.GetValue<string>() == campaign)?["code"]!.GetValue<string>();
                return code is not null;
            },
            s_made, "the coupon is made");
        return code!;
    }
}
