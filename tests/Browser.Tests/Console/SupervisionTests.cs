using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Console;

/// <summary>The console as an operator watches and leads by it: who comes in, the dashboard, campaigns, health.</summary>
[Collection(Browsing.Name)]
public sealed class SupervisionTests(OneBrowser browser)
{
    private const string Name = "<b>연말 감사</b> 선착순 쿠폰";

    [Fact]
    public async Task A_campaign_is_made_scheduled_paused_resumed_raised_and_closed_with_every_step_in_its_history()
    {
        await using var visit = await browser.EnterAsync("operator", "campaigns/new", View.Desk);
        var page = visit.Page;
        await page.GetByLabel("이름 (한국어)").FillAsync(Name);
        await page.GetByLabel("이름 (영어)").FillAsync("Thank you");
        await page.GetByLabel("수량", new() { Exact = true }).FillAsync("0");
        await Assertions.Expect(page.Locator(".mud-input-error").First).ToBeVisibleAsync();
        await page.GetByLabel("수량", new() { Exact = true }).FillAsync("30");
        await page.GetByLabel("시작 (KST)").FillAsync(Korean(TimeSpan.FromMinutes(-1)));
        await page.GetByLabel("종료 (KST)").FillAsync(Korean(TimeSpan.FromHours(2)));
        await Assertions.Expect(page.Locator(".preview[lang=ko]")).ToContainTextAsync(Name);
        await Assertions.Expect(page.Locator(".preview[lang=en]")).ToContainTextAsync("₩5,000 off");
        await visit.LookAsync("console-editor-ko-desk", async tab =>
        {
            await tab.GetByLabel("Name (Korean)").FillAsync(Name);
            await tab.GetByLabel("Name (English)").FillAsync("Thank you");
            await tab.GetByLabel("Quota", new() { Exact = true }).FillAsync("30");
        });
        await page.GetByRole(AriaRole.Button, new() { Name = "초안 만들기" }).ClickAsync();
        await StateAsync("초안");
        await Assertions.Expect(page.Locator("h1")).ToContainTextAsync(Name);
        // Nothing is promised that does not stand on the screen.
        await page.GetByLabel("이름 (영어)").FillAsync("Thanks");
        await page.GetByRole(AriaRole.Button, new() { Name = "예약", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("먼저 저장한 뒤 예약하세요.")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "저장", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("이름 (영어): Thank you → Thanks")).ToBeVisibleAsync();
        foreach (var (action, state) in new[] { ("예약", "진행 중"), ("일시 중지", "일시 중지"), ("재개", "진행 중") })
        {
            await ActAsync(action);
            await StateAsync(state);
        }
        // What is typed and not saved yet outlives a change of the state.
        await page.GetByLabel("수량", new() { Exact = true }).FillAsync("45");
        await ActAsync("일시 중지");
        await StateAsync("일시 중지");
        await Assertions.Expect(page.GetByLabel("수량", new() { Exact = true })).ToHaveValueAsync("45");
        await ActAsync("재개");
        await StateAsync("진행 중");
        await page.GetByRole(AriaRole.Button, new() { Name = "저장", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("수량: 30 → 45")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("td", new() { HasTextRegex = new("^demo-operator$") }).First).ToBeVisibleAsync();
        await ActAsync("종료");
        await StateAsync("종료");
        await visit.LookAsync("console-campaign-ko-desk", tab => tab.GetByText("Audit trail").WaitForAsync());
        await ActAsync("보관");
        await StateAsync("보관");
        await Assertions.Expect(page.GetByText("상태: 종료 → 보관")).ToBeVisibleAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "저장", Exact = true })).ToHaveCountAsync(0);

        async Task ActAsync(string action)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).First.ClickAsync();
            await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = action, Exact = true }).ClickAsync();
        }

        Task StateAsync(string state) => Assertions.Expect(page.Locator("#campaign-state")).ToHaveTextAsync(state);
    }

    [Fact]
    public async Task Dashboard_campaigns_and_health_are_whole_on_a_phone_and_on_a_desk()
    {
        foreach (var (view, name) in new[] { (View.Phone.Dark, "ko-phone-dark"), (View.Desk.InEnglish, "en-desk") })
        {
            await using var visit = await browser.EnterAsync("operator", "dashboard", view);
            foreach (var path in (string[])["dashboard", "campaigns", "health"])
            {
                await visit.Page.GotoAsync("/console/" + path);
                await visit.Page.Locator("h1").WaitForAsync();
                // What is there comes over the circuit after the page itself.
                await Assertions.Expect(visit.Page.Locator(".mud-progress-linear, .mud-progress-circular")).ToHaveCountAsync(0);
                if (path == "health") { await AllAreThereAsync(visit.Page); }
                // Whoever asked for less motion gets none, of what stands before and after an element neither.
                foreach (var part in (string?[])[null, "::before", "::after"]) { Assert.Equal("1e-05s", await visit.Page.EvaluateAsync<string>("part => getComputedStyle(document.querySelector('main'), part).transitionDuration", part)); }
                await visit.LookAsync(path == "dashboard" && view == View.Desk.InEnglish ? null : $"console-{path}-{name}", Visit.AsAddressed);
            }
        }
    }

    private static async Task AllAreThereAsync(IPage page)
    {
        await Assertions.Expect(page.Locator("tr", new() { HasText = "redis" }).First).ToContainTextAsync("web");
        await Assertions.Expect(page.Locator("tr", new() { Has = page.Locator("td").GetByText("log", new() { Exact = true }) }).First).ToContainTextAsync("issue-worker");
        // The registry stands in no registry, and is one of the services all the same.
        await Assertions.Expect(page.Locator("tr", new() { HasText = "discovery-server" }).Last).ToContainTextAsync("127.0.0.1");
    }

    [Fact]
    public async Task Whoever_has_no_session_or_not_the_role_gets_no_page()
    {
        await using var visit = await browser.OpenAsync("/console/campaigns");
        Assert.Contains("/console/sign-in", visit.Page.Url, StringComparison.Ordinal);
        await visit.LookAsync("console-sign-in-ko", Visit.AsAddressed);
        var member = await browser.MemberAsync();
        await visit.Page.Locator("#email").FillAsync(member.Email);
        await visit.Page.Locator("#password").FillAsync(member.Password);
        await visit.Page.Locator("button[type=submit]").ClickAsync();
        await Assertions.Expect(visit.Page).ToHaveURLAsync(new Regex("/console/sign-in.*told=role"));

        // Neither an admin nor a merchant leads campaigns, and the form does not work without its token.
        await using var admin = await browser.EnterAsync("admin", "members", View.Phone);
        // Who is signed in stands in the bar, on a phone in the menu.
        await Assertions.Expect(admin.Page.Locator(".who-menu")).ToContainTextAsync("demo-admin@firstcome.example");
        await admin.Page.GotoAsync("/console/campaigns");
        Assert.Contains("/console/refused", admin.Page.Url, StringComparison.Ordinal);
        await admin.LookAsync("console-refused-ko");
        using var form = new FormUrlEncodedContent([new("email", member.Email), new("password", member.Password)]);
        using var answer = await browser.System.Http.PostAsync(new Uri("/console/session/sign-in", UriKind.Relative), form, TestContext.Current.CancellationToken);
        Assert.Contains("told=ended", (answer.Headers.Location ?? answer.RequestMessage!.RequestUri!).ToString(), StringComparison.Ordinal);
        Assert.False(answer.Headers.TryGetValues("Set-Cookie", out var cookies) && cookies.Any(each => each.StartsWith("fc-console=", StringComparison.Ordinal)));

        // The cookie is out of scripts' reach, and without it nothing opens.
        var cookie = Assert.Single(await admin.Context.CookiesAsync(), cookie => cookie.Name == "fc-console");
        Assert.Equal((true, SameSiteAttribute.Strict), (cookie.HttpOnly, cookie.SameSite));
        await admin.Context.ClearCookiesAsync(new() { Name = "fc-console" });
        await admin.Page.GotoAsync("/console/members");
        Assert.Contains("/console/sign-in", admin.Page.Url, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_the_server_does_not_know_any_more_says_so_and_is_loaded_anew()
    {
        await using var visit = await browser.EnterAsync("operator", "campaigns", View.Phone.InEnglish);
        // As Blazor tells it after the server has started again.
        await visit.Page.RunAndWaitForRequestAsync(
            async () =>
            {
                await visit.Page.EvaluateAsync("document.getElementById('components-reconnect-modal').dispatchEvent(new CustomEvent('components-reconnect-state-changed', { detail: { state: 'rejected' } }))");
                await Assertions.Expect(visit.Page.GetByText("The server no longer knows this page")).ToBeVisibleAsync();
            },
            request => request.IsNavigationRequest);
        await visit.Page.Locator("h1").WaitForAsync();
    }

    private static string Korean(TimeSpan fromNow) => (DateTimeOffset.UtcNow + fromNow).ToOffset(TimeSpan.FromHours(9)).ToString("yyyy-MM-ddTHH:mm", CultureInfo.InvariantCulture);
}
