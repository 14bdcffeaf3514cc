using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FirstCome.SystemTests;
using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Console;

/// <summary>The console as operators, merchants and admins use it: rehearse, find a claim, redeem, look after members.</summary>
[Collection(Browsing.Name)]
public sealed class OperationTests(OneBrowser browser)
{
    private static readonly TimeSpan s_issuedWithin = TimeSpan.FromSeconds(10);
    private static readonly View s_phone = View.Phone, s_desk = new(1280, 860, "en-US");

    [Fact]
    public async Task An_operator_rehearses_and_sees_a_claim_s_whole_life()
    {
        await using var visit = await browser.EnterAsync("operator", "rehearsals", View.Desk);
        var page = visit.Page;
        await page.GetByLabel("가상 회원").FillAsync("60");
        await page.GetByLabel("쿠폰 수", new() { Exact = true }).FillAsync("20");
        await page.GetByRole(AriaRole.Button, new() { Name = "시작" }).ClickAsync();
        await Assertions.Expect(page.GetByText("감사 통과")).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await NothingForeignAsync();
        // Both colours of its plots are explained, and the report is kept as a file.
        await Assertions.Expect(page.Locator(".charts .mud-chart-legend-item", new() { HasText = "접수" }).First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".charts .plot svg path").First).ToBeAttachedAsync();
        var report = await page.APIRequest.GetAsync(new Uri(browser.Url, "/console/" + await page.Locator("a[href$='.html']").First.GetAttributeAsync("href")).ToString());
        Assert.Contains("attachment", report.Headers["content-disposition"], StringComparison.Ordinal);
        Assert.Contains("<svg", await report.TextAsync(), StringComparison.Ordinal);
        await visit.LookAsync("console-rehearsal-ko-desk", Visit.AsAddressed);

        await page.Locator("a[href*='claims?campaign']").First.ClickAsync();
        await FindAsync(page, "신청 찾기", "찾기");
        await NothingForeignAsync();
        await visit.LookAsync("console-claim-life-ko-desk", tab => FindAsync(tab, "Find a claim", "Find"));
        var csv = await page.APIRequest.GetAsync(new Uri(browser.Url, await page.Locator("a[href$='.csv']").GetAttributeAsync("href") is { } href ? "/console/" + href : "/").ToString());
        var lines = (await csv.TextAsync()).TrimEnd().Split('\n');
        Assert.Equal(21, lines.Length);
        // No cell is a formula to a spreadsheet: all that is exported begins with a letter or a digit, or is empty.
        Assert.All(lines.SelectMany(line => line.TrimEnd('\r').Split(',')), cell => Assert.True(cell.Length == 0 || char.IsAsciiLetterOrDigit(cell[0]), cell));
        foreach (var path in (string[])["dead-letters", "reconciliation"])
        {
            await page.GotoAsync("/console/" + path);
            await page.Locator("h1").WaitForAsync();
            await visit.LookAsync();
        }

        async Task FindAsync(IPage tab, string field, string button)
        {
            await tab.GetByLabel(field).FillAsync("#7");
            await tab.GetByRole(AriaRole.Button, new() { Name = button, Exact = true }).ClickAsync();
            await Assertions.Expect(tab.Locator(".life li")).ToHaveCountAsync(4);
        }

        // What services say in English has its words in the operator's language.
        async Task NothingForeignAsync() => Assert.Empty(await page.Locator("main span[lang=en]").AllInnerTextsAsync());
    }

    [Fact]
    public async Task A_rehearsal_goes_on_without_its_page_and_can_be_cancelled()
    {
        await using var visit = await browser.EnterAsync("operator", "rehearsals", s_desk);
        var page = visit.Page;
        await page.GetByLabel("Synthetic members").FillAsync("2000");
        await page.GetByLabel("Coupons", new() { Exact = true }).FillAsync("1000");
        await page.GetByLabel("Requests at once").FillAsync("2");
        await page.GetByRole(AriaRole.Button, new() { Name = "Start" }).ClickAsync();
        await Assertions.Expect(page.Locator(".phases [aria-current=step]")).ToBeVisibleAsync();
        await page.GotoAsync("/console/campaigns");
        await page.GotoAsync("/console/rehearsals");
        // It may be a colleague's.
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop", Exact = true }).ClickAsync();
        await Assertions.Expect(page.Locator(".mud-dialog")).ToContainTextAsync("Stop the rehearsal that demo-operator@firstcome.example started?");
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Cancel" }).ClickAsync();
        await Assertions.Expect(page.Locator(".phases [aria-current=step]")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Stop", Exact = true }).ClickAsync();
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Stop" }).ClickAsync();
        await Assertions.Expect(page.GetByText("Stopped").First).ToBeVisibleAsync(new() { Timeout = 25_000 });
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Start" })).ToBeVisibleAsync();
    }

    [Fact]
    public async Task A_merchant_redeems_a_code_typed_by_hand_and_undoes_it()
    {
        var member = await browser.MemberAsync();
        var campaign = await browser.CampaignAsync(5);
        var code = await CouponAsync(campaign, member);
        await using var visit = await browser.EnterAsync("merchant", "redeem", s_phone);
        var page = visit.Page;
        await page.GetByLabel("쿠폰 코드").FillAsync(code.Replace("-", " ", StringComparison.Ordinal).ToLowerInvariant());
        await page.GetByText("사용할 수 있음").WaitForAsync();
        await page.GetByLabel("주문 번호").FillAsync("<script>alert(1)</script>");
        await page.GetByLabel("주문 금액").FillAsync("20,000");
        await page.GetByRole(AriaRole.Button, new() { Name = "사용 처리" }).ClickAsync();
        await page.GetByText("할인되었습니다").WaitForAsync();
        await visit.LookAsync("console-redeem-ko-phone", tab => tab.GetByLabel("Coupon code").FillAsync(code));
        await page.Locator(".today").GetByRole(AriaRole.Button).First.ClickAsync();
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "되돌리기" }).ClickAsync();
        await page.Locator(".today .undone").WaitForAsync();

        await page.GotoAsync("/console/claims");
        Assert.Contains("/refused", page.Url, StringComparison.Ordinal);
        // Nor is what operators download for merchants.
        foreach (var file in (string[])[$"claims/{campaign}.csv", $"rehearsals/{Guid.NewGuid()}.html"])
        {
            var answer = await page.APIRequest.GetAsync(new Uri(browser.Url, "/console/" + file).ToString());
            Assert.Contains("/console/refused", answer.Url, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_coupon_for_shipping_is_redeemed_without_a_discount_that_is_none()
    {
        var member = await browser.MemberAsync();
        var campaign = await browser.CampaignAsync(5, change: body => body["benefit"] = new System.Text.Json.Nodes.JsonObject { ["kind"] = "freeShipping" });
        var code = await CouponAsync(campaign, member);
        await using var visit = await browser.EnterAsync("merchant", "redeem", View.Desk.InEnglish);
        var page = visit.Page;
        // An amount counts only once the coupon, and with it the currency, is known.
        await page.GetByLabel("Order", new() { Exact = true }).FillAsync("S-1");
        await page.GetByLabel("Order amount").FillAsync("20,000");
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Redeem", Exact = true })).ToBeDisabledAsync();
        await page.GetByLabel("Coupon code").FillAsync(code);
        // The benefit names no currency: the order may be in any.
        await page.GetByLabel("Currency").FillAsync("usd");
        await page.GetByRole(AriaRole.Button, new() { Name = "Redeem", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Redeemed: Free shipping.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".today li").First).ToContainTextAsync("S-1 · $20,000.00");
        await Assertions.Expect(page.Locator(".today li").First).Not.ToContainTextAsync("→");
        // What is used is shown as it stands, and cannot be redeemed once more.
        await page.GetByLabel("Coupon code").FillAsync(code);
        await page.GetByLabel("Order", new() { Exact = true }).FillAsync("S-2");
        await page.GetByLabel("Order amount").FillAsync("20,000");
        await Assertions.Expect(page.GetByText("Used already")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Redeem", Exact = true })).ToBeDisabledAsync();
        await visit.LookAsync();
    }

    [Fact]
    public async Task A_claim_is_found_in_every_way_and_its_coupon_is_cancelled_with_a_reason()
    {
        var (member, user) = (await browser.MemberAsync(), await browser.MemberAsync());
        var campaign = await browser.CampaignAsync(5);
        var (code, used) = (await CouponAsync(campaign, member), await CouponAsync(campaign, user));
        var redeemed = await browser.System.SendAsync(HttpMethod.Post, $"/api/coupons/{used}/redemptions", await browser.System.TokenAsync("merchant"), new { orderId = "L-1", orderAmount = new { currency = "KRW", minor = 20_000 } }, true, ("Idempotency-Key", Guid.NewGuid().ToString()));
        Assert.Equal(201, (int)redeemed.Status);
        var id = (string?)(await browser.System.SendAsync(HttpMethod.Get, $"/api/operations/members?email={Uri.EscapeDataString(member.Email)}", await browser.System.TokenAsync("operator"))).Body["id"];
        await using var visit = await browser.EnterAsync("operator", $"claims?campaign={campaign}", s_desk);
        var page = visit.Page;
        await Assertions.Expect(page.Locator(".claims tbody tr")).ToHaveCountAsync(2);
        foreach (var question in (string[])[member.Email, id!])
        {
            await FindAsync(question);
            await Assertions.Expect(page.Locator(".claims tbody tr")).ToHaveCountAsync(1);
            await Assertions.Expect(page.Locator(".claims tbody tr")).ToContainTextAsync(code);
            await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "Claims of the member" })).ToBeVisibleAsync();
            await FindAsync("");
            await Assertions.Expect(page.Locator(".claims tbody tr")).ToHaveCountAsync(2);
        }
        // A number is one of the whole list, whatever was looked for before; and whoever asked for its life is brought to it.
        await FindAsync(member.Email);
        await Assertions.Expect(page.Locator(".claims tbody tr")).ToHaveCountAsync(1);
        await FindAsync("#1");
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "List" })).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".claims tbody tr")).ToHaveCountAsync(2);
        await Assertions.Expect(page.GetByRole(AriaRole.Heading, new() { Name = "History of claim 1" })).ToBeFocusedAsync();
        await Assertions.Expect(page.Locator("a[download]")).ToHaveCountAsync(0);
        await page.GetByRole(AriaRole.Button, new() { Name = "Gaps" }).ClickAsync();
        await Assertions.Expect(page.GetByText("No number is missing.")).ToBeVisibleAsync();

        // A life to its redemption: what was used cannot be cancelled here.
        await FindAsync(used);
        await Assertions.Expect(page.Locator(".life li")).ToHaveCountAsync(5);
        await Assertions.Expect(page.Locator(".life-used")).ToContainTextAsync("Redeemed.");
        await Assertions.Expect(page.GetByLabel("Reason for cancelling")).ToHaveCountAsync(0);

        await FindAsync(code);
        await Assertions.Expect(page.Locator(".life li")).ToHaveCountAsync(4);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Cancel the coupon" })).ToBeDisabledAsync();
        await page.GetByLabel("Reason for cancelling").FillAsync("<b>bought by mistake</b>");
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the coupon" }).ClickAsync();
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Keep it" }).ClickAsync();
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(0);
        Assert.Equal("issued", await StateAsync());
        await page.GetByRole(AriaRole.Button, new() { Name = "Cancel the coupon" }).ClickAsync();
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Cancel the coupon" }).ClickAsync();
        await Assertions.Expect(page.GetByText("The coupon is cancelled.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".life-cancelled")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByLabel("Reason for cancelling")).ToHaveCountAsync(0);
        Assert.Equal("cancelled", await StateAsync());
        await visit.LookAsync();

        async Task FindAsync(string question)
        {
            await page.GetByLabel("Find a claim").FillAsync(question);
            await page.GetByRole(AriaRole.Button, new() { Name = "Find", Exact = true }).ClickAsync();
        }

        async Task<string?> StateAsync() => (string?)(await browser.System.SendAsync(HttpMethod.Get, $"/api/coupons/{code}", await browser.System.TokenAsync("operator"))).Body["state"];
    }

    [Fact]
    public async Task Claims_letters_reconciliation_and_rehearsals_fit_a_phone_and_redeem_members_and_keys_a_desk()
    {
        var campaign = await browser.CampaignAsync(5);
        await CouponAsync(campaign, await browser.MemberAsync());
        foreach (var (role, view, paths) in new[] { ("operator", s_phone, (string[])[$"claims?campaign={campaign}&find=1", "dead-letters?state=all", $"reconciliation?campaign={campaign}", "rehearsals", $"campaigns/{campaign}"]), ("merchant", s_desk, ["redeem"]), ("admin", s_desk, ["members", "keys"]) })
        {
            await using var visit = await browser.EnterAsync(role, paths[0], view);
            foreach (var path in paths)
            {
                await visit.Page.GotoAsync("/console/" + path);
                await visit.Page.Locator("h1").WaitForAsync();
                await Assertions.Expect(visit.Page.Locator(".mud-progress-linear, .mud-progress-circular")).ToHaveCountAsync(0);
                await visit.LookAsync();
            }
        }
    }

    private async Task<string> CouponAsync(string campaign, Member member)
    {
        var token = await browser.System.SignInAsync(member.Email, member.Password);
        await browser.System.ClaimAsync(campaign, token);
        string? code = null;
        await Eventually.TrueAsync(
            async () => (code = (string?)(await browser.System.SendAsync(HttpMethod.Get, "/api/coupons/me", token)).Body["items"]?.AsArray().FirstOrDefault()?["code"]) is not null,
            s_issuedWithin, "the coupon is there");
        return code!;
    }

    [Fact]
    public async Task An_admin_looks_after_members_and_keys()
    {
        var member = await browser.MemberAsync("<img src=x onerror=alert(1)> 아주 긴 이름의 회원님");
        await using var visit = await browser.EnterAsync("admin", "members", s_phone);
        var page = visit.Page;
        await page.GetByLabel("이름, 이메일 또는 ID").FillAsync(member.Email);
        await page.GetByRole(AriaRole.Button, new() { Name = "찾기" }).ClickAsync();
        await page.GetByRole(AriaRole.Link, new() { Name = member.DisplayName }).ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(new Regex(@"/members\?id="));
        // A service that is busy may refuse what a page asks for; then people load it again.
        var isThere = page.GetByRole(AriaRole.Button, new() { Name = "잠그기" }).Or(page.Locator(".mud-alert"));
        await isThere.First.WaitForAsync();
        if (await page.Locator(".mud-alert").CountAsync() > 0) { await page.ReloadAsync(); }
        // What was typed outlives the lock, and the list below tells of it.
        await page.GetByLabel("등급").FillAsync("typed");
        await OrderAsync("잠그기", sure: true);
        await page.GetByText("저장했습니다").WaitForAsync();
        await Assertions.Expect(page.GetByLabel("등급")).ToHaveValueAsync("typed");
        await Assertions.Expect(page.Locator("tr", new() { HasText = member.Email })).ToContainTextAsync("잠김");
        await visit.LookAsync("console-member-ko-phone", Visit.AsAddressed);
        Assert.Equal(403, (int)(await SignInAsync(member.Password)).Status);
        await OrderAsync("잠금 풀기", sure: true);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "잠그기" })).ToBeVisibleAsync();
        Assert.Equal(200, (int)(await SignInAsync(member.Password)).Status);

        await page.GetByLabel("등급").FillAsync("<b>GOLD</b>");
        await OrderAsync("속성 저장");
        await Assertions.Expect(page.GetByText("1개 항목을 고쳐 주세요.")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".mud-input-control", new() { Has = page.GetByLabel("등급") }).First).ToContainTextAsync("글자, 숫자, 띄어쓰기와");
        await page.GetByLabel("등급").FillAsync("GOLD");
        await page.GetByLabel("태그").FillAsync("vip, early-bird");
        await page.GetByLabel("생월").FillAsync("7");
        await OrderAsync("속성 저장");
        await page.GetByText("저장했습니다").WaitForAsync();
        await page.GetByLabel("가맹점").CheckAsync();
        await OrderAsync("역할 저장", sure: true);
        // What the page says may be what it said of the attributes.
        JsonNode found = null!;
        await Eventually.TrueAsync(
            async () =>
            {
                found = (await browser.System.SendAsync(HttpMethod.Get, $"/api/users?query={Uri.EscapeDataString(member.Email)}", await browser.System.TokenAsync("admin"))).Body["items"]![0]!;
                return found["roles"]!.AsArray().Any(role => (string?)role == "merchant");
            },
            s_issuedWithin, "the role is saved");
        Assert.Equal(("GOLD", "vip early-bird", 7), ((string?)found["grade"], string.Join(' ', found["tags"]!.AsArray()), (int?)found["birthMonth"]));
        await page.GetByText("생월: – → 7").First.WaitForAsync();

        await OrderAsync("비밀번호 재설정 코드", sure: true);
        var code = await page.Locator("strong.code").TextContentAsync();
        var reset = await browser.System.SendAsync(HttpMethod.Post, "/api/auth/password-reset", null, new { email = member.Email, code, newPassword = "another long secret" });
        Assert.True((int)reset.Status == 204, reset.Text);
        Assert.Equal(200, (int)(await SignInAsync("another long secret")).Status);

        // A member is at a page meanwhile, and claims after: the token of before is good.
        var campaign = await browser.CampaignAsync(5);
        await using var other = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        await other.FaceAsync("ready");
        await page.GotoAsync("/console/keys");
        // The keys stand there before anything is ordered.
        await Assertions.Expect(page.Locator(".keys li").First).ToBeVisibleAsync();
        var before = await page.Locator(".keys li").AllInnerTextsAsync();
        await OrderAsync("키 바꾸기", sure: true);
        await page.GetByText("서명 중:").WaitForAsync();
        await Assertions.Expect(page.Locator(".keys li")).ToHaveCountAsync(before.Count + 1);
        await other.Button.ClickAsync();
        await other.FaceAsync("issued");
        await visit.LookAsync("console-keys-ko-phone", Visit.AsAddressed);
        // This session goes on under the new keys.
        await page.GotoAsync("/console/members");
        await page.GetByLabel("이름, 이메일 또는 ID").WaitForAsync();

        async Task OrderAsync(string name, bool sure = false)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).First.ClickAsync();
            if (sure) { await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = name, Exact = true }).ClickAsync(); }
        }

        Task<Answer> SignInAsync(string password) => browser.System.SendAsync(HttpMethod.Post, "/api/auth/sign-in", null, new { email = member.Email, password });
    }
}
