using System.Text.Json.Nodes;
using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Wallet;

/// <summary>A wallet that is open for long: what has changed meanwhile comes, and what somebody is writing stays.</summary>
[Collection(Browsing.Name)]
public sealed class RenewalTests(OneBrowser browser)
{
    private const string Typed = "반쯤 쓴 이름";
    private const int Returns = 20;
    private static readonly TimeSpan s_shown = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_coupon_that_was_used_meanwhile_says_so_when_the_page_comes_to_the_front_again()
    {
        var member = await browser.MemberAsync();
        var campaign = await browser.CampaignAsync(10);
        Assert.Equal(202, (int)(await browser.System.ClaimAsync(campaign, await browser.System.SignInAsync(member.Email, member.Password))).Status);
        await using var visit = await browser.OpenAsync("/wallet", member);
        var asked = 0;
        visit.Page.Request += (_, request) => { if (request.Url.Contains("/api/coupons/me", StringComparison.Ordinal)) { Interlocked.Increment(ref asked); } };
        var code = visit.Page.Locator(".coupon code");
        await Eventually.TrueAsync(
            async () =>
            {
                await visit.Page.ReloadAsync();
                await Assertions.Expect(visit.Page.Locator("#profile-name")).ToBeVisibleAsync();
                return await code.CountAsync() == 1;
            },
            s_shown, "the coupon is made");
        await visit.Page.Locator("#profile-name").FillAsync(Typed);
        var redeemed = await browser.System.SendAsync(
            HttpMethod.Post, $"/api/coupons/{await code.TextContentAsync()}/redemptions", await browser.System.TokenAsync("merchant"), new { orderId = "order-2", orderAmount = new { currency = "KRW", minor = 20_000 } }, true, ("Idempotency-Key", "order-2"));
        Assert.True((int)redeemed.Status == 201, redeemed.Text);
        await Assertions.Expect(visit.Page.Locator(".coupon.issued")).ToBeVisibleAsync();
        Interlocked.Exchange(ref asked, 0);
        await Eventually.TrueAsync(
            async () =>
            {
                // Back and forth, more often than anybody does it.
                await visit.Page.EvaluateAsync($"for (let i = 0; i < {Returns}; i++) {{ document.dispatchEvent(new Event('visibilitychange')); }}");
                return await visit.Page.Locator(".coupon.used").CountAsync() == 1;
            },
            s_shown, "the wallet shows that the coupon was used");
        Assert.InRange(asked, 1, 2);
        await Assertions.Expect(visit.Page.Locator(".coupon .qr")).ToHaveCountAsync(0);
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveValueAsync(Typed);
    }

    [Fact]
    public async Task More_coupons_come_without_taking_away_what_somebody_writes()
    {
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync());
        await visit.Page.RouteAsync("**/api/coupons/me*", route => route.FulfillAsync(new()
        {
            ContentType = "application/json",
            Body = new JsonObject
            {
                ["items"] = new JsonArray(Coupon(route.Request.Url.Contains("after=second", StringComparison.Ordinal) ? "BBBB-BBBB-BBBB-BBBB-B" : "AAAA-AAAA-AAAA-AAAA-A")),
                ["next"] = route.Request.Url.Contains("after=second", StringComparison.Ordinal) ? null : "second",
            }.ToJsonString(),
        }));
        await visit.Page.GotoAsync("/wallet");
        await visit.Page.Locator("#profile-name").FillAsync(Typed);
        await visit.Page.Locator("#wallet-more").ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".coupon code")).ToHaveTextAsync(["AAAA-AAAA-AAAA-AAAA-A", "BBBB-BBBB-BBBB-BBBB-B"]);
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveValueAsync(Typed);
        await Assertions.Expect(visit.Page.Locator("#wallet-more")).ToBeHiddenAsync();
        // Whoever pressed it by the keyboard goes on from what has come.
        await Assertions.Expect(visit.Page.Locator(".coupon a").Nth(1)).ToBeFocusedAsync();
    }

    [Fact]
    public async Task A_campaign_that_cannot_be_had_leaves_the_others_their_names()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync());
        var gone = Guid.NewGuid().ToString();
        await visit.Page.RouteAsync("**/api/coupons/me", route => route.FulfillAsync(new()
        {
            ContentType = "application/json",
            Body = new JsonObject { ["items"] = new JsonArray(Coupon("AAAA-AAAA-AAAA-AAAA-A", gone), Coupon("BBBB-BBBB-BBBB-BBBB-B", campaign)), ["next"] = null }.ToJsonString(),
        }));
        await visit.Page.RouteAsync("**/api/campaigns?*", route => route.AbortAsync());
        await visit.Page.GotoAsync("/wallet");
        await Assertions.Expect(visit.Page.Locator($".card-name[data-campaign='{campaign}']")).ToHaveTextAsync("한여름 밤의 선착순 할인");
        await Assertions.Expect(visit.Page.Locator($".card-name[data-campaign='{gone}']")).ToBeEmptyAsync();
    }

    [Fact]
    public async Task Another_language_leaves_open_what_is_open_and_what_is_written_in_it()
    {
        await using var visit = await browser.OpenAsync("/wallet", await browser.MemberAsync());
        await visit.Page.Locator("#profile-name").FillAsync(Typed);
        await visit.Page.Locator("details:has(#password-change) summary").ClickAsync();
        await visit.Page.Locator("#password-next").FillAsync("half a secr");
        await visit.Page.Locator("[data-language=en]").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("h1:visible")).ToHaveTextAsync("My coupons");
        await Assertions.Expect(visit.Page.Locator("#password-next")).ToBeVisibleAsync();
        await Assertions.Expect(visit.Page.Locator("#password-next")).ToHaveValueAsync("half a secr");
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveValueAsync(Typed);
        await Assertions.Expect(visit.Page.Locator("#erase")).ToBeHiddenAsync();
    }

    private static JsonObject Coupon(string code, string? campaign = null) => new()
    {
        ["code"] = code,
        ["campaignId"] = campaign ?? Guid.Empty.ToString(),
        ["state"] = "issued",
        ["benefit"] = new JsonObject { ["kind"] = "freeShipping" },
        ["issuedAt"] = "2026-11-01T00:00:00Z",
        ["expiresAt"] = "2036-11-01T00:00:00Z",
    };
}
