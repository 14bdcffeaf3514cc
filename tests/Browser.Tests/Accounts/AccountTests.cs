using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Accounts;

/// <summary>Signing up and in where answers are lost or late, a forgotten password, and what a member may do with the account.</summary>
[Collection(Browsing.Name)]
public sealed class AccountTests(OneBrowser browser)
{
    private const string Password = "a long enough secret", Next = "another long secret";
    private static readonly TimeSpan s_refused = TimeSpan.FromSeconds(10);
    private static int s_newcomers;

    [Fact]
    public async Task Whose_answer_to_signing_up_was_lost_is_signed_in_all_the_same()
    {
        await using var visit = await browser.OpenAsync("/wallet", view: View.Desk);
        var tries = 0;
        await visit.Page.RouteAsync("**/api/users", async route =>
        {
            if (Interlocked.Increment(ref tries) > 1) { await route.ContinueAsync(); return; }
            // The account is made, and the answer lost.
            await route.FetchAsync();
            await route.AbortAsync("connectionreset");
        });
        var email = await SignUpAsync(visit.Page);
        await Assertions.Expect(visit.Page.Locator("#who")).ToHaveTextAsync(email);
        Assert.Equal(2, tries);
    }

    [Fact]
    public async Task A_new_account_that_cannot_sign_in_yet_is_not_made_twice()
    {
        await using var visit = await browser.OpenAsync("/wallet", view: View.Desk);
        var (made, entered) = (0, 0);
        await visit.Page.RouteAsync("**/api/users", route => { Interlocked.Increment(ref made); return route.ContinueAsync(); });
        await visit.Page.RouteAsync("**/session/sign-in", route => Interlocked.Increment(ref entered) == 1 ? BusyAsync(route) : route.ContinueAsync());
        var email = await SignUpAsync(visit.Page);
        await Assertions.Expect(visit.Page.Locator("#who")).ToHaveTextAsync(email);
        Assert.Equal((1, 2), (made, entered));
    }

    [Fact]
    public async Task Somebody_elses_address_is_taken()
    {
        var member = await browser.MemberAsync();
        await using var visit = await browser.OpenAsync("/wallet");
        await SignUpAsync(visit.Page, member.Email, "not their own secret");
        await Assertions.Expect(visit.Page.Locator("#email-problem")).ToHaveTextAsync("이미 가입된 이메일입니다");
    }

    [Fact]
    public async Task What_is_no_address_is_told_in_the_readers_language_before_anything_is_sent()
    {
        await using var visit = await browser.OpenAsync("/wallet");
        var sent = 0;
        await visit.Page.RouteAsync("**/api/users", route => { Interlocked.Increment(ref sent); return route.ContinueAsync(); });
        await SignUpAsync(visit.Page, "한글@example.com");
        await Assertions.Expect(visit.Page.Locator("#email-problem")).ToHaveTextAsync("이메일 주소를 확인해 주세요.");
        await visit.Page.Locator("#email").FillAsync("somebody@example");
        await visit.Page.Locator("#account-submit").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#email-problem")).ToHaveTextAsync("이메일 주소를 확인해 주세요.");
        Assert.Equal(0, sent);
    }

    [Fact]
    public async Task A_double_click_saves_once()
    {
        await using var visit = await browser.OpenAsync("/wallet", await browser.MemberAsync());
        var (sent, answered) = (0, new TaskCompletionSource());
        await visit.Page.RouteAsync("**/api/users/me", async route =>
        {
            if (route.Request.Method == "PATCH")
            {
                Interlocked.Increment(ref sent);
                await answered.Task;
            }
            await route.ContinueAsync();
        });
        await visit.Page.Locator("#profile-name").FillAsync("새 이름");
        await visit.Page.Locator("#profile-save").DblClickAsync();
        // Whatever the second click sent has been sent before this.
        await visit.Page.EvaluateAsync("fetch('/api/time').then((answer) => answer.text())");
        answered.SetResult();
        await Assertions.Expect(visit.Page.Locator(".note")).ToHaveTextAsync("저장했습니다.");
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToBeHiddenAsync();
        Assert.Equal(1, sent);
        // And once more, with the tag of what was saved.
        await visit.Page.Locator("#profile-name").FillAsync("또 새 이름");
        await visit.Page.Locator("#profile-save").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveAttributeAsync("value", "또 새 이름");
        Assert.Equal(2, sent);
    }

    [Fact]
    public async Task A_profile_that_an_admin_has_changed_meanwhile_is_told_and_can_be_saved()
    {
        var member = await browser.MemberAsync();
        await using var visit = await browser.OpenAsync("/wallet", member);
        await visit.Page.Locator("#profile-name").FillAsync("새 이름");
        var admin = await browser.System.TokenAsync("admin");
        var id = (await browser.System.SendAsync(HttpMethod.Get, $"/api/users?query={Uri.EscapeDataString(member.Email)}", admin)).Body["items"]![0]!["id"]!.GetValue<string>();
        var changed = await browser.System.SendAsync(HttpMethod.Put, $"/api/users/{id}/attributes", admin, new { grade = "GOLD", tags = Array.Empty<string>(), birthMonth = 5 }, true, ("If-Match", "*"));
        Assert.True((int)changed.Status == 200, changed.Text);
        await visit.Page.Locator("#profile-save").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToHaveTextAsync("그사이 내 정보가 다른 곳에서 바뀌었습니다. 확인하고 다시 저장해 주세요.");
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToBeInViewportAsync();
        await Assertions.Expect(visit.Page.Locator("#profile-month")).ToHaveValueAsync("5");
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveValueAsync("새 이름");
        await visit.Page.Locator("#profile-save").ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".note")).ToHaveTextAsync("저장했습니다.");
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task A_name_that_cannot_be_is_told_at_the_field()
    {
        await using var visit = await browser.OpenAsync("/wallet", await browser.MemberAsync());
        var problem = visit.Page.Locator("#profile-name-problem");
        await visit.Page.Locator("#profile-name").FillAsync("   ");
        await visit.Page.Locator("#profile-save").ClickAsync();
        await Assertions.Expect(problem).ToHaveTextAsync("입력해 주세요.");
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToBeFocusedAsync();
        // This one only the service knows.
        await visit.Page.Locator("#profile-name").FillAsync("뒤집는\u202E이름");
        await visit.Page.Locator("#profile-save").ClickAsync();
        await Assertions.Expect(problem).ToHaveTextAsync("쓸 수 없는 문자가 들어 있습니다. 지우고 다시 입력해 주세요.");
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToBeHiddenAsync();
        await visit.LookAsync();
    }

    [Fact]
    public async Task Closing_the_dialog_ends_what_it_was_trying()
    {
        var member = await browser.MemberAsync();
        await using var visit = await browser.OpenAsync("/");
        await visit.Page.Clock.InstallAsync();
        await visit.Page.GotoAsync("/wallet");
        var entered = 0;
        await visit.Page.RouteAsync("**/session/sign-in", route => { Interlocked.Increment(ref entered); return BusyAsync(route); });
        await visit.Page.Locator("#wallet-view button").ClickAsync();
        await visit.Page.Locator("#email").FillAsync(member.Email);
        await visit.Page.Locator("#password").FillAsync(member.Password);
        await visit.Page.Locator("#account-submit").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#form-problem")).ToContainTextAsync("뒤에 다시 시도합니다");
        await visit.Page.Locator("#dialog-close").ClickAsync();
        var asked = entered;
        await visit.Page.Clock.RunForAsync(120_000);
        Assert.Equal(asked, entered);
        await Assertions.Expect(visit.Page.Locator("#account")).ToHaveTextAsync("로그인");
    }

    [Fact]
    public async Task A_forgotten_password_is_replaced_by_an_admins_code()
    {
        var member = await browser.MemberAsync();
        var admin = await browser.System.TokenAsync("admin");
        var id = (await browser.System.SendAsync(HttpMethod.Get, $"/api/users?query={Uri.EscapeDataString(member.Email)}", admin)).Body["items"]![0]!["id"]!.GetValue<string>();
        var told = await browser.System.SendAsync(HttpMethod.Post, $"/api/users/{id}/password-reset", admin, null, true, ("If-Match", "*"));
        Assert.True((int)told.Status == 200, told.Text);

        await using var visit = await browser.OpenAsync("/wallet", view: View.Desk);
        await visit.Page.Locator("#wallet-view button").ClickAsync();
        await visit.Page.Locator("#account-reset").ClickAsync();
        await visit.Page.Locator("#email").FillAsync(member.Email);
        await visit.Page.Locator("#code").FillAsync("AAAAA-BBBBB-CCCCC-DDDDD");
        await visit.Page.Locator("#password").FillAsync(Next);
        await visit.Page.Locator("#account-submit").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#form-problem")).ToContainTextAsync("이메일 또는 코드가 맞지 않거나");
        await visit.LookAsync("password-reset-ko");
        await visit.Page.Locator("#code").FillAsync(told.Body["code"]!.GetValue<string>());
        await visit.Page.Locator("#account-submit").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#who")).ToHaveTextAsync(member.Email);
    }

    [Fact]
    public async Task The_month_of_birth_is_told_once()
    {
        await using var visit = await browser.OpenAsync("/wallet", await browser.MemberAsync());
        var month = visit.Page.Locator("#profile-month");
        await month.SelectOptionAsync("3");
        await visit.Page.Locator("#profile-save").ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".note")).ToHaveTextAsync("저장했습니다.");
        await visit.Page.ReloadAsync();
        await Assertions.Expect(month).ToHaveValueAsync("3");
        await Assertions.Expect(month).ToBeDisabledAsync();
    }

    [Fact]
    public async Task A_password_is_changed_by_who_knows_it_and_the_page_stays_signed_in()
    {
        var member = await browser.MemberAsync();
        await using var visit = await browser.OpenAsync("/wallet", member);
        await visit.Page.Locator("details:has(#password-change) summary").ClickAsync();
        await visit.Page.Locator("#password-current").FillAsync("not the present one");
        await visit.Page.Locator("#password-next").FillAsync(Next);
        await visit.Page.Locator("#password-change").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#password-current-problem")).ToHaveTextAsync("지금 비밀번호가 맞지 않습니다.");
        await visit.LookAsync();
        await visit.Page.Locator("#password-current").FillAsync(member.Password);
        await visit.Page.Locator("#password-change").ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".note")).ToContainTextAsync("비밀번호를 바꿨습니다");
        await visit.Page.ReloadAsync();
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveValueAsync(member.DisplayName);
        Assert.Equal(401, await SignInAsync(member.Email, member.Password));
        Assert.Equal(200, await SignInAsync(member.Email, Next));
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_the_session_on_another_device()
    {
        var member = await browser.MemberAsync();
        await using var other = await browser.OpenAsync("/wallet", member);
        await Assertions.Expect(other.Page.Locator("#profile-name")).ToBeVisibleAsync();
        await using var visit = await browser.OpenAsync("/wallet", member);
        await visit.Page.Locator("details:has(#everywhere) summary").ClickAsync();
        await visit.Page.Locator("#everywhere").ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".note")).ToHaveTextAsync("모든 기기에서 로그아웃했습니다.");
        await Assertions.Expect(visit.Page.GetByText("받은 쿠폰을 보려면 로그인해 주세요.")).ToBeVisibleAsync();
        await other.Page.ReloadAsync();
        await Assertions.Expect(other.Page.GetByText("받은 쿠폰을 보려면 로그인해 주세요.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task An_account_is_erased_by_its_member()
    {
        var member = await browser.MemberAsync();
        await using var visit = await browser.OpenAsync("/wallet", member);
        // Nothing to press before it is opened.
        await Assertions.Expect(visit.Page.Locator("#erase")).ToBeHiddenAsync();
        await visit.Page.Locator("details:has(#erase) summary").ClickAsync();
        await visit.Page.Locator("#erase").ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".note")).ToHaveTextAsync("탈퇴했습니다.");
        await Assertions.Expect(visit.Page.GetByText("받은 쿠폰을 보려면 로그인해 주세요.")).ToBeVisibleAsync();
        Assert.Equal(401, await SignInAsync(member.Email, member.Password));
        await Eventually.TrueAsync(async () => (await visit.Context.CookiesAsync()).All(cookie => cookie.Name != "fc-session"), s_refused, "the session's cookie is gone");
    }

    private static async Task<string> SignUpAsync(IPage page, string? email = null, string password = Password)
    {
        email ??= $"signs-up-{Interlocked.Increment(ref s_newcomers)}@example.com";
        await page.Locator("#wallet-view button").ClickAsync();
        await page.Locator("#account-switch").ClickAsync();
        await page.Locator("#email").FillAsync(email);
        await page.Locator("#displayName").FillAsync("새로 온 사람");
        await page.Locator("#password").FillAsync(password);
        await page.Locator("#account-submit").ClickAsync();
        return email;
    }

    private async Task<int> SignInAsync(string email, string password) => (int)(await browser.System.SendAsync(HttpMethod.Post, "/api/auth/sign-in", null, new { email, password })).Status;

    private static Task BusyAsync(IRoute route) => route.FulfillAsync(new()
    {
        Status = 503,
        ContentType = "application/problem+json",
        Headers = new Dictionary<string, string> { ["Retry-After"] = "1" },
        Body = """{"type":"/problems/unavailable","title":"Not possible at the moment","status":503}""",
    });
}
