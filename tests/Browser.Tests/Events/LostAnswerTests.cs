using System.Text.RegularExpressions;
using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Events;

/// <summary>What the page does where the network or the system does not answer as it should. What is sent reaches the real system unless the test says otherwise.</summary>
[Collection(Browsing.Name)]
public sealed class LostAnswerTests(OneBrowser browser)
{
    private const string Ended = "로그인이 끝났습니다. 다시 로그인해 주세요.";
    private const int Others = 16;
    private static readonly TimeSpan s_asked = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task After_an_answer_that_was_cut_off_the_page_finds_out()
    {
        var (campaign, visit) = await ReadyAsync();
        await using var _ = visit;
        var sent = 0;
        await visit.Page.RouteAsync("**/claims", async route =>
        {
            // The claim is taken, and its answer lost.
            Interlocked.Increment(ref sent);
            await route.FetchAsync();
            await route.AbortAsync("connectionreset");
        });
        // The stream could tell it too; here it is away.
        await visit.Page.RouteAsync("**/events", route => route.AbortAsync());
        await visit.Page.ReloadAsync();
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("offline");
        await visit.LookAsync("event-offline-ko");
        await Assertions.Expect(visit.Page.Locator(".own strong")).ToHaveTextAsync("1");
        Assert.Equal(1, sent);
        await visit.FaceAsync("issued");
        await browser.AcceptedAsync(campaign, 1);
    }

    [Fact]
    public async Task A_busy_system_is_asked_again_when_it_says_so_and_claims_me_comes_first()
    {
        var (_, visit) = await ReadyAsync();
        await using var __ = visit;
        var asked = new List<string>();
        await visit.Page.RouteAsync("**/claims", async route =>
        {
            lock (asked) { asked.Add("claim"); }
            if (visit.Claims > 1) { await route.ContinueAsync(); return; }
            await route.FulfillAsync(new()
            {
                Status = 503,
                ContentType = "application/problem+json",
                Headers = new Dictionary<string, string> { ["Retry-After"] = "2" },
                Body = """{"type":"/problems/recovering","title":"The gate is being rebuilt","status":503}""",
            });
        });
        await visit.Page.RouteAsync("**/claims/me", async route =>
        {
            lock (asked) { asked.Add("me"); }
            await route.ContinueAsync();
        });
        var pressed = DateTimeOffset.UtcNow;
        await visit.Button.ClickAsync();
        await visit.FaceAsync("busy");
        await visit.LookAsync("event-busy-ko");
        await visit.FaceAsync("issued");
        Assert.True(DateTimeOffset.UtcNow - pressed >= TimeSpan.FromSeconds(2), "It asked again before the time it was told.");
        Assert.Equal(["claim", "me", "claim"], asked.Take(3));
    }

    [Fact]
    public async Task A_member_who_has_asked_too_often_waits_and_gets_the_coupon_by_the_same_press()
    {
        var member = await browser.MemberAsync();
        // The gateway counts what a member asks, from wherever, and all that there is goes to these until a page waits. A press that gets through all the same leaves it to the next page.
        await using var first = await ReadyAsync(member);
        await using var second = await ReadyAsync(member);
        await using var third = await ReadyAsync(member);
        var token = await browser.System.SignInAsync(member.Email, member.Password);
        var (isWaiting, refused) = (false, 0);
        var others = Task.WhenAll(Enumerable.Range(0, Others).Select(async _ =>
        {
            while (!Volatile.Read(ref isWaiting))
            {
                var answer = await browser.System.SendAsync(HttpMethod.Get, "/api/coupons/me", token, patient: false);
                if ((int)answer.Status == 429) { Interlocked.Increment(ref refused); }
            }
        }));
        Ready? waiting = null;
        try
        {
            await Eventually.TrueAsync(() => Volatile.Read(ref refused) > Others, s_asked, "the member has asked too often");
            foreach (var page in (Ready[])[first, second, third])
            {
                waiting = page;
                await page.Visit.Button.ClickAsync();
                await Assertions.Expect(page.Visit.Page.Locator("#chosen")).ToHaveAttributeAsync("data-face", new Regex("^(busy|issued)$"), new() { Timeout = 20_000 });
                if (await page.Visit.Page.Locator("#chosen").GetAttributeAsync("data-face") == "busy") { break; }
            }
            await waiting!.Visit.FaceAsync("busy");
        }
        finally
        {
            Volatile.Write(ref isWaiting, true);
            await others;
        }
        await waiting.Visit.FaceAsync("issued");
        await browser.AcceptedAsync(waiting.Campaign, 1);
    }

    [Fact]
    public async Task A_press_without_a_network_becomes_a_claim_when_it_is_back()
    {
        var (campaign, visit) = await ReadyAsync();
        await using var _ = visit;
        // What the stream has sent already would take back that there is no network.
        await visit.Page.RouteAsync("**/events", route => route.AbortAsync());
        await visit.Page.ReloadAsync();
        await visit.FaceAsync("ready");
        await visit.Context.SetOfflineAsync(true);
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToBeVisibleAsync();
        await visit.Button.ClickAsync();
        await visit.FaceAsync("offline");
        await visit.Context.SetOfflineAsync(false);
        await visit.FaceAsync("issued");
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToBeHiddenAsync();
        await browser.AcceptedAsync(campaign, 1);
    }

    [Fact]
    public async Task A_refresh_whose_answer_was_lost_signs_nobody_out()
    {
        var (_, visit) = await ReadyAsync();
        await using var __ = visit;
        var keys = new List<string>();
        await visit.Page.RouteAsync("**/session/refresh", async route =>
        {
            // UserService takes it and spends the token; the page hears nothing, and the browser gets no cookie.
            var cookie = Assert.Single(await visit.Context.CookiesAsync(), cookie => cookie.Name == "fc-session");
            var key = await route.Request.HeaderValueAsync("Idempotency-Key") ?? "";
            lock (keys) { keys.Add(key); }
            using var request = new HttpRequestMessage(HttpMethod.Post, "/session/refresh") { Content = new StringContent("{}", System.Text.Encoding.UTF8, "application/json") };
            request.Headers.Add("Cookie", $"fc-session={cookie.Value}");
            request.Headers.Add("Idempotency-Key", key);
            using var answer = await browser.System.Http.SendAsync(request);
            Assert.True(answer.IsSuccessStatusCode);
            await route.AbortAsync("connectionreset");
        });
        // Somebody who does not wait.
        for (var i = 0; i < 3; i++)
        {
            await visit.Page.ReloadAsync();
            await Eventually.TrueAsync(() => { lock (keys) { return keys.Count > i; } }, s_asked, "the page asks for a new token");
        }
        await visit.Page.UnrouteAllAsync();
        await visit.Page.ReloadAsync();
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
        Assert.Single(keys.Distinct());
        Assert.Null(await visit.Page.EvaluateAsync<string?>("localStorage.getItem('firstcome.refresh')"));
    }

    [Fact]
    public async Task A_session_that_ended_elsewhere_asks_to_sign_in()
    {
        var member = await browser.MemberAsync();
        var (_, visit) = await ReadyAsync(member);
        await using var __ = visit;
        var token = await browser.System.SignInAsync(member.Email, member.Password);
        Assert.Equal(204, (int)(await browser.System.SendAsync(HttpMethod.Post, "/api/auth/sign-out-everywhere", token)).Status);
        await visit.Page.ReloadAsync();
        // It is told for some seconds.
        await Assertions.Expect(visit.Page.Locator(".note")).ToHaveTextAsync(Ended);
        await visit.FaceAsync("signIn");
    }

    [Fact]
    public async Task A_press_by_whose_session_ended_elsewhere_says_so()
    {
        var member = await browser.MemberAsync();
        var (campaign, visit) = await ReadyAsync(member);
        await using var _ = visit;
        // The stream would find it out too.
        await visit.Page.RouteAsync("**/events", route => route.AbortAsync());
        await visit.Page.ReloadAsync();
        await visit.FaceAsync("ready");
        var token = await browser.System.SignInAsync(member.Email, member.Password);
        Assert.Equal(204, (int)(await browser.System.SendAsync(HttpMethod.Post, "/api/auth/sign-out-everywhere", token)).Status);
        // The access token runs out at last; the session cannot be renewed.
        await visit.Page.RouteAsync("**/claims", route => route.FulfillAsync(new() { Status = 401, ContentType = "application/problem+json", Body = """{"type":"/problems/unauthenticated","status":401}""" }));
        await visit.Button.ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".note")).ToHaveTextAsync(Ended);
        await visit.FaceAsync("signIn");
        await browser.AcceptedAsync(campaign, 0);
    }

    [Fact]
    public async Task A_claim_that_was_given_up_and_is_told_after_all_is_not_asked_for_again()
    {
        var campaign = await browser.CampaignAsync(10, change: body => body["perMember"] = 2);
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync());
        await visit.Page.RouteAsync("**/events", route => route.AbortAsync());
        await visit.Page.RouteAsync("**/claims/me", BusyAsync);
        await visit.Page.RouteAsync("**/claims", async route =>
        {
            // It is taken, and nothing but refusals comes back.
            await route.FetchAsync();
            await BusyAsync(route);
        });
        await visit.Page.GotoAsync($"/campaigns/{campaign}");
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("unsure");
        await visit.Page.UnrouteAllAsync();
        // Now the stream tells of it: what is left to press for is the second one, and says so.
        await visit.FaceAsync("another");
        await Assertions.Expect(visit.Button).ToHaveTextAsync("한 장 더 받기");
        await Assertions.Expect(visit.Page.Locator(".result")).Not.ToContainTextAsync("확실한 답을");
        await browser.AcceptedAsync(campaign, 1);
    }

    // To be asked again at once.
    private static Task BusyAsync(IRoute route) => route.FulfillAsync(new()
    {
        Status = 503,
        ContentType = "application/problem+json",
        Headers = new Dictionary<string, string> { ["Retry-After"] = "0" },
        Body = """{"type":"/problems/unavailable","title":"Not possible at the moment","status":503}""",
    });

    private async Task<Ready> ReadyAsync(Member? member = null)
    {
        var campaign = await browser.CampaignAsync(10);
        var visit = await browser.OpenAsync($"/campaigns/{campaign}", member ?? await browser.MemberAsync());
        await visit.FaceAsync("ready");
        return new(campaign, visit);
    }

    /// <summary>A member's page of an open campaign, before the press.</summary>
    private sealed record Ready(string Campaign, Visit Visit) : IAsyncDisposable
    {
        public ValueTask DisposeAsync() => Visit.DisposeAsync();
    }
}
