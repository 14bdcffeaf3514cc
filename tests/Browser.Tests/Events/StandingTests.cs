using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using FirstCome.Rehearsal.Standalone;
using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Events;

/// <summary>How the event page keeps up with its campaign: after a refusal, without the stream, about the opening, and where the campaign is none of the visitor's.</summary>
[Collection(Browsing.Name)]
public sealed class StandingTests(OneBrowser browser)
{
    private const string Operator = "operator";
    private static readonly TimeSpan s_told = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Who_was_told_sold_out_may_press_again_after_a_raise()
    {
        var campaign = await browser.CampaignAsync(1);
        await using var visit = await DeafAsync(campaign, await browser.MemberAsync());
        await visit.FaceAsync("ready");
        await ClaimAsync(campaign, await browser.MemberAsync());
        await visit.Button.ClickAsync();
        await visit.FaceAsync("soldOut");
        await Assertions.Expect(visit.Page.Locator(".result .refusal")).ToHaveTextAsync("모두 소진되었습니다");
        // The button says it to who looks, the result to who listens.
        await Assertions.Expect(visit.Page.Locator(".result .refusal")).ToHaveClassAsync(new Regex("visually-hidden"));
        await ChangeAsync(campaign, new { quota = 2 });
        await visit.Page.UnrouteAllAsync();
        await visit.FaceAsync("ready");
        await Assertions.Expect(visit.Page.Locator(".result .refusal")).ToHaveCountAsync(0);
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
        Assert.Equal(2, visit.Claims);
    }

    [Fact]
    public async Task A_refusal_for_a_pause_goes_with_the_pause()
    {
        var campaign = await browser.CampaignAsync(5);
        await using var visit = await DeafAsync(campaign, await browser.MemberAsync());
        await visit.FaceAsync("ready");
        await browser.OperateAsync(campaign, "pause");
        await visit.Button.ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".result .refusal")).ToHaveTextAsync("일시 중지된 캠페인입니다");
        await browser.OperateAsync(campaign, "resume");
        await visit.Page.UnrouteAllAsync();
        await Assertions.Expect(visit.Page.Locator(".result .refusal")).ToHaveCountAsync(0, new() { Timeout = (float)s_told.TotalMilliseconds });
        await visit.FaceAsync("ready");
    }

    [Fact]
    public async Task Without_the_stream_the_numbers_ones_own_coupon_and_a_moved_window_are_there()
    {
        var campaign = await browser.CampaignAsync(10);
        var member = await browser.MemberAsync();
        await ClaimAsync(campaign, member);
        await browser.AcceptedAsync(campaign, 1);
        await using var visit = await browser.OpenAsync("/", member);
        await visit.Page.Clock.InstallAsync();
        await visit.Page.RouteAsync("**/events", route => route.AbortAsync());
        await visit.Page.GotoAsync($"/campaigns/{campaign}");
        // At once: nothing waits for the first question that comes by the clock.
        var left = visit.Page.Locator(".left strong");
        await Assertions.Expect(left).ToHaveTextAsync("9 / 10");
        await visit.FaceAsync("have");
        var window = visit.Page.Locator(".facts dd").First;
        var before = await window.TextContentAsync();

        await ClaimAsync(campaign, await browser.MemberAsync());
        await ChangeAsync(campaign, new { closesAt = DateTimeOffset.UtcNow.AddDays(3).ToString("O") });
        await browser.AcceptedAsync(campaign, 2);
        await Eventually.TrueAsync(
            async () =>
            {
                await visit.Page.Clock.RunForAsync(10_000);
                return await left.TextContentAsync() == "8 / 10";
            },
            s_told, "the page asks for the numbers");
        await Assertions.Expect(window).Not.ToHaveTextAsync(before!);
    }

    [Fact]
    public async Task A_token_that_would_end_about_the_opening_is_renewed_before_it()
    {
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync());
        var opensAt = DateTimeOffset.UtcNow.AddSeconds(15);
        var campaign = await browser.CampaignAsync(10, change: body => body["opensAt"] = opensAt.ToString("O"));
        var renewed = new List<DateTimeOffset>();
        await visit.Page.RouteAsync("**/session/refresh", async route =>
        {
            bool isFirst;
            lock (renewed)
            {
                renewed.Add(DateTimeOffset.UtcNow);
                isFirst = renewed.Count == 1;
            }
            var answer = await route.FetchAsync();
            var body = JsonNode.Parse(await answer.TextAsync())!;
            // At the opening this one has less left than the page wants to press with.
            if (isFirst) { body["expiresAt"] = opensAt.AddSeconds(20).ToString("O"); }
            await route.FulfillAsync(new() { Response = answer, Body = body.ToJsonString() });
        });
        await visit.Page.GotoAsync($"/campaigns/{campaign}");
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
        Assert.Equal(2, renewed.Count);
        Assert.True(renewed[1] < opensAt, "The token was renewed when the campaign was open.");
    }

    [Fact]
    public async Task A_claim_under_way_accepted_and_issued_each_have_their_face()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await DeafAsync(campaign, await browser.MemberAsync());
        await visit.Page.RouteAsync("**/claims/me", route => route.AbortAsync());
        var answered = new TaskCompletionSource();
        await visit.Page.RouteAsync("**/claims", async route =>
        {
            await answered.Task;
            await route.ContinueAsync();
        });
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("sending");
        await Assertions.Expect(visit.Button).ToHaveAttributeAsync("aria-disabled", "true");
        await visit.LookAsync("event-sending-ko");
        answered.SetResult();
        await visit.FaceAsync("accepted");
        await Assertions.Expect(visit.Page.Locator(".own strong")).ToHaveTextAsync("1");
        await visit.LookAsync("event-accepted-ko");
        // What became of it is asked for, where the stream cannot tell.
        await visit.Page.UnrouteAsync("**/claims/me");
        await visit.FaceAsync("issued");
        Assert.Equal(1, visit.Claims);
    }

    [Fact]
    public async Task Who_may_have_two_gets_another_one()
    {
        var campaign = await browser.CampaignAsync(10, change: body => body["perMember"] = 2);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("another");
        await Assertions.Expect(visit.Page.Locator(".own code")).ToHaveCountAsync(1);
        await Assertions.Expect(visit.Page.Locator(".left strong")).ToHaveTextAsync("9 / 10");
        await Assertions.Expect(visit.Page.Locator(".result")).ToContainTextAsync("쿠폰이 발급되었습니다");
        await visit.LookAsync("event-another-ko");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
        await Assertions.Expect(visit.Page.Locator(".own code")).ToHaveCountAsync(2);
        await browser.AcceptedAsync(campaign, 2);
    }

    [Fact]
    public async Task What_is_said_of_a_claim_keeps_up_with_it_while_the_button_says_the_same()
    {
        var campaign = await browser.CampaignAsync(10, change: body => body["perMember"] = 2);
        await using var visit = await DeafAsync(campaign, await browser.MemberAsync());
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("another");
        await Assertions.Expect(visit.Page.Locator(".result")).ToContainTextAsync("쿠폰을 만들고 있습니다");
        await Assertions.Expect(visit.Page.Locator(".result")).ToContainTextAsync("쿠폰이 발급되었습니다", new() { Timeout = (float)s_told.TotalMilliseconds });
        await visit.FaceAsync("another");
    }

    [Fact]
    public async Task Where_no_certain_answer_comes_the_page_says_so_and_the_next_press_is_the_same_claim()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        await visit.FaceAsync("ready");
        await visit.Page.RouteAsync("**/claims", route => route.FulfillAsync(new()
        {
            Status = 503,
            ContentType = "application/problem+json",
            Headers = new Dictionary<string, string> { ["Retry-After"] = "1" },
            Body = """{"type":"/problems/unavailable","title":"Not possible at the moment","status":503}""",
        }));
        await visit.Button.ClickAsync();
        await visit.FaceAsync("unsure");
        await Assertions.Expect(visit.Page.Locator(".result")).ToContainTextAsync("다시 눌러도 같은 신청으로 처리됩니다");
        await visit.LookAsync("event-unsure-ko");
        await visit.Page.UnrouteAllAsync();
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
        await browser.AcceptedAsync(campaign, 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_draft_and_a_rehearsal_are_nobodys_to_see(bool isRehearsal)
    {
        var hidden = await browser.CampaignAsync(10, schedule: isRehearsal, change: body =>
        {
            body["name"] = new JsonObject { ["ko"] = "공개 전 행사", ["en"] = "Not public yet" };
            body["rehearsal"] = isRehearsal;
        });
        foreach (var member in (Member?[])[null, await browser.MemberAsync()])
        {
            await using var visit = await browser.OpenAsync($"/campaigns/{hidden}", member);
            await Assertions.Expect(visit.Page.Locator("#trouble")).ToContainTextAsync("그런 캠페인이 없습니다");
            await Assertions.Expect(visit.Page.Locator("#chosen")).ToBeHiddenAsync();
            // Nothing tells it again by itself: it changes its language with the page.
            await visit.Page.Locator("[data-language=en]").ClickAsync();
            await Assertions.Expect(visit.Page.Locator("#trouble")).ToContainTextAsync("There is no such campaign");
            Assert.DoesNotContain("공개 전", await visit.Page.Locator("body").TextContentAsync() ?? "", StringComparison.Ordinal);
            await visit.Page.GotoAsync("/");
            await Assertions.Expect(visit.Page.Locator("#list-empty")).Not.ToHaveTextAsync(new Regex("불러오는"));
            await Assertions.Expect(visit.Page.Locator($"a[href='/campaigns/{hidden}']")).ToHaveCountAsync(0);
        }
    }

    [Fact]
    public async Task An_operators_draft_goes_with_the_operator()
    {
        var draft = await browser.CampaignAsync(10, schedule: false);
        var (email, password) = StandaloneSystem.DemoAccount(browser.System.Data, Operator) ?? throw new InvalidOperationException("There is no demo operator.");
        await using var visit = await browser.OpenAsync($"/campaigns/{draft}");
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToContainTextAsync("그런 캠페인이 없습니다");
        await visit.Page.Locator("#account").ClickAsync();
        await visit.Page.Locator("#email").FillAsync(email);
        await visit.Page.Locator("#password").FillAsync(password);
        await visit.Page.Locator("#account-submit").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#chosen .badge")).ToHaveTextAsync("초안");
        await visit.FaceAsync("draft");
        await Assertions.Expect(visit.Button).ToHaveTextAsync("아직 공개되지 않았습니다");
        await visit.Page.Locator("#account").ClickAsync();
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToContainTextAsync("그런 캠페인이 없습니다");
        await Assertions.Expect(visit.Page.Locator("#chosen")).ToBeHiddenAsync();
    }

    [Fact]
    public async Task What_is_coming_and_what_is_archived_stand_where_members_look_for_them()
    {
        var coming = await browser.CampaignAsync(10, change: body => body["opensAt"] = DateTimeOffset.UtcNow.AddHours(1).ToString("O"));
        var archived = await browser.CampaignAsync(10);
        await browser.OperateAsync(archived, "close");
        await browser.OperateAsync(archived, "archive");
        await using var visit = await browser.OpenAsync("/");
        await Assertions.Expect(visit.Page.Locator($"h2:text-is('곧 시작') + ul a[href='/campaigns/{coming}'] .soft")).ToContainTextAsync("시작");
        await Assertions.Expect(visit.Page.Locator($"h2:text-is('지난 이벤트') + ul a[href='/campaigns/{archived}'] .badge")).ToHaveTextAsync("종료");
    }

    [Fact]
    public async Task A_list_keeps_nothing_of_an_operator_who_has_signed_out()
    {
        var draft = await browser.CampaignAsync(10, schedule: false);
        var (email, password) = StandaloneSystem.DemoAccount(browser.System.Data, Operator) ?? throw new InvalidOperationException("There is no demo operator.");
        await using var visit = await browser.OpenAsync("/");
        await visit.Page.Locator("#account").ClickAsync();
        await visit.Page.Locator("#email").FillAsync(email);
        await visit.Page.Locator("#password").FillAsync(password);
        await visit.Page.Locator("#account-submit").ClickAsync();
        var card = visit.Page.Locator($"a[href='/campaigns/{draft}']");
        await Assertions.Expect(card.Locator(".badge")).ToHaveTextAsync("초안");
        await Assertions.Expect(card.Locator("> .soft")).ToHaveTextAsync("아직 공개되지 않았습니다");
        // No answer comes any more that could take its place.
        await visit.Page.RouteAsync("**/api/campaigns?*", route => route.AbortAsync());
        await visit.Page.Locator("#account").ClickAsync();
        await Assertions.Expect(card).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_rejected_claim_leads_to_no_coupon()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await DeafAsync(campaign, await browser.MemberAsync());
        await visit.FaceAsync("ready");
        await visit.Page.RouteAsync("**/claims", route => route.FulfillAsync(new() { ContentType = "application/json", Body = $$"""{"campaignId":"{{campaign}}","nth":1,"sequence":1,"state":"rejected","acceptedAt":"2026-11-01T00:00:00Z","reason":"a test"}""" }));
        await visit.Button.ClickAsync();
        await visit.FaceAsync("rejected");
        await Assertions.Expect(visit.Page.Locator(".result")).ToContainTextAsync("신청이 거절되었습니다");
        await Assertions.Expect(visit.Page.Locator(".result a")).ToHaveCountAsync(0);
    }

    // A page that hears nothing by the stream.
    private async Task<Visit> DeafAsync(string campaign, Member member)
    {
        var visit = await browser.OpenAsync("/", member);
        await visit.Page.RouteAsync("**/events", route => route.AbortAsync());
        await visit.Page.GotoAsync($"/campaigns/{campaign}");
        return visit;
    }

    private async Task ClaimAsync(string campaign, Member member) =>
        Assert.Equal(202, (int)(await browser.System.ClaimAsync(campaign, await browser.System.SignInAsync(member.Email, member.Password))).Status);

    private async Task ChangeAsync(string campaign, object change)
    {
        var answer = await browser.System.SendAsync(HttpMethod.Patch, $"/api/campaigns/{campaign}", await browser.System.TokenAsync(Operator), change, true, ("If-Match", "*"));
        Assert.True((int)answer.Status == 200, answer.Text);
    }
}
