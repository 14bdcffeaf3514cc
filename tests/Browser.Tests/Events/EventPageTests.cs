using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Events;

/// <summary>Every face of the event page, reached as members reach it.</summary>
[Collection(Browsing.Name)]
public sealed class EventPageTests(OneBrowser browser)
{
    [Fact]
    public async Task A_visitor_signs_up_and_gets_the_coupon_with_one_press()
    {
        var campaign = await browser.CampaignAsync(1_000);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}");
        await visit.FaceAsync("signIn");
        await visit.LookAsync("event-sign-in-ko");
        await visit.Button.ClickAsync();
        await visit.Page.Locator("#account-switch").ClickAsync();
        await visit.LookAsync("sign-up-ko");
        await visit.Page.Locator("#email").FillAsync("newcomer@example.com");
        await visit.Page.Locator("#displayName").FillAsync("새로 온 사람");
        await visit.Page.Locator("#password").FillAsync("a long enough secret");
        await visit.Page.Locator("#account-submit").ClickAsync();
        // The press that asked for the account is the claim.
        await visit.FaceAsync("issued");
        await Assertions.Expect(visit.Page.Locator(".own strong")).ToHaveTextAsync("1");
        await Assertions.Expect(visit.Page.Locator(".own code")).Not.ToBeEmptyAsync();
        Assert.Equal(1, visit.Claims);
        await Assertions.Expect(visit.Page.Locator(".left strong")).ToHaveTextAsync("999 / 1,000");
        await visit.LookAsync("event-issued-ko");

        await visit.Page.ReloadAsync();
        await visit.FaceAsync("have");
        await Assertions.Expect(visit.Page).ToHaveTitleAsync("한여름 밤의 선착순 할인 · FirstCome");
        await visit.Page.GotoAsync("/");
        await visit.Page.GoBackAsync();
        await visit.FaceAsync("have");
        await visit.LookAsync("event-have-ko");
        Assert.Equal(1, visit.Claims);
    }

    [Fact]
    public async Task The_countdown_ends_by_the_servers_clock_and_the_button_is_ready()
    {
        var campaign = await browser.ComingAsync(50);
        var member = await browser.MemberAsync();
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", member);
        await visit.FaceAsync("notYet");
        var opensAt = DateTimeOffset.UtcNow.AddSeconds(12);
        await browser.OpensAtAsync(campaign, opensAt);
        await Assertions.Expect(visit.Button).ToHaveAttributeAsync("aria-disabled", "true");
        await Assertions.Expect(visit.Page.Locator(".countdown")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex("^0?0:0?[01][0-9]$|^00:00:[01][0-9]"));
        await visit.LookAsync("event-not-yet-ko");
        // As a tap does it; Playwright's own click would wait for the button.
        await visit.Button.DispatchEventAsync("click");
        var asked = new List<string>();
        visit.Page.Request += (_, request) => { lock (asked) { asked.Add(request.Url); } };
        await visit.FaceAsync("ready");
        Assert.True(DateTimeOffset.UtcNow >= opensAt, "The page opened before the campaign.");
        // A million pages come to this moment together: none asks for anything but its claim.
        Assert.Empty(asked);
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
        // The tap before the opening was none.
        Assert.Equal(1, visit.Claims);
    }

    [Fact]
    public async Task A_phone_whose_clock_is_wrong_opens_with_the_others()
    {
        var campaign = await browser.ComingAsync(50);
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync());
        // Ten minutes ahead: by this clock the campaign has long been open.
        await visit.Context.AddInitScriptAsync("{ const ahead = 600_000, now = Date.now; Date.now = () => now() + ahead; }");
        await visit.Page.GotoAsync($"/campaigns/{campaign}");
        await visit.FaceAsync("notYet");
        var opensAt = DateTimeOffset.UtcNow.AddSeconds(8);
        await browser.OpensAtAsync(campaign, opensAt);
        await visit.FaceAsync("ready");
        Assert.True(DateTimeOffset.UtcNow >= opensAt, "The page opened by the phone's clock.");
    }

    [Fact]
    public async Task When_the_last_one_is_taken_every_page_says_so_and_a_raise_opens_it_again()
    {
        var campaign = await browser.CampaignAsync(1);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        await visit.FaceAsync("ready");
        var other = await browser.MemberAsync();
        var token = await browser.System.SignInAsync(other.Email, other.Password);
        Assert.Equal(202, (int)(await browser.System.ClaimAsync(campaign, token)).Status);
        await visit.FaceAsync("soldOut");
        await visit.LookAsync("event-sold-out-ko");
        var raised = await browser.System.SendAsync(HttpMethod.Patch, $"/api/campaigns/{campaign}", await browser.System.TokenAsync("operator"), new { quota = 2 }, true, ("If-Match", "*"));
        Assert.True((int)raised.Status == 200, raised.Text);
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
    }

    [Fact]
    public async Task Who_is_not_eligible_is_told_the_condition_in_words()
    {
        var campaign = await browser.CampaignAsync(10, change: body => body["audience"] = new JsonArray(new JsonObject { ["kind"] = "grade", ["anyOf"] = new JsonArray("GOLD") }));
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("notEligible");
        await Assertions.Expect(visit.Page.Locator(".result li")).ToContainTextAsync("GOLD");
        await Assertions.Expect(visit.Page.Locator(".result .refusal")).ToHaveTextAsync("이 이벤트의 대상이 아닙니다");
        // A date does not end a line in its middle.
        Assert.Contains('\u00A0', await visit.Page.Locator(".facts dd").First.EvaluateAsync<string>("each => each.textContent"));
        await visit.LookAsync("event-not-eligible-ko");
    }

    [Fact]
    public async Task An_operators_pause_and_close_reach_the_page_by_themselves()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        await visit.FaceAsync("ready");
        await browser.OperateAsync(campaign, "pause");
        await visit.FaceAsync("paused");
        await visit.LookAsync("event-paused-ko");
        await browser.OperateAsync(campaign, "resume");
        await visit.FaceAsync("ready");
        await browser.OperateAsync(campaign, "close");
        await visit.FaceAsync("closed");
        // The window would have gone on: when it ended is not known, and what is left is nobody's.
        await Assertions.Expect(visit.Page.Locator(".state-line")).ToHaveTextAsync(new System.Text.RegularExpressions.Regex(@"^종료\s*$"));
        await Assertions.Expect(visit.Page.Locator(".left")).ToBeHiddenAsync();
        await Assertions.Expect(visit.Page.Locator("progress")).ToBeHiddenAsync();
        await visit.LookAsync("event-closed-ko");
        Assert.Equal(0, visit.Claims);
        await visit.Page.GotoAsync("/");
        await Assertions.Expect(visit.Page.Locator($"a[href='/campaigns/{campaign}'] .badge")).ToHaveTextAsync("종료");
        // Said once, where it is not known when.
        await Assertions.Expect(visit.Page.Locator($"a[href='/campaigns/{campaign}'] .soft")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task The_coupon_comes_by_the_stream()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync());
        await visit.Page.RouteAsync("**/claims/me", route => route.AbortAsync());
        await visit.Page.GotoAsync($"/campaigns/{campaign}");
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
    }

    [Fact]
    public async Task Two_tabs_and_double_taps_are_one_claim()
    {
        var campaign = await browser.CampaignAsync(10, change: body => body["perMember"] = 1);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        var tab = await visit.TabAsync($"/campaigns/{campaign}");
        await visit.FaceAsync("ready");
        await visit.FaceAsync("ready", tab);
        // Forced: a tab that has heard of the other's claim by then has a button that is off, and is pressed all the same.
        await Task.WhenAll(visit.Button.DblClickAsync(new() { Force = true }), tab.Locator("#claim").DblClickAsync(new() { Force = true }));
        await Assertions.Expect(visit.Page.Locator(".own code")).Not.ToBeEmptyAsync();
        await Assertions.Expect(tab.Locator(".own code")).Not.ToBeEmptyAsync();
        Assert.Equal(await visit.Page.Locator(".own code").TextContentAsync(), await tab.Locator(".own code").TextContentAsync());
        Assert.InRange(visit.Claims, 1, 2);
        await browser.AcceptedAsync(campaign, 1);
    }

    [Fact]
    public async Task A_keyboard_is_enough()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync(), View.Desk);
        await visit.FaceAsync("ready");
        var skipped = false;
        for (var i = 0; i < 20 && !await visit.Button.EvaluateAsync<bool>("button => button === document.activeElement"); i++)
        {
            await visit.Page.Keyboard.PressAsync("Tab");
            skipped |= await visit.Page.EvaluateAsync<bool>("document.activeElement.className === 'skip'");
        }
        Assert.True(skipped, "The first stop does not skip to the content.");
        await visit.Page.Keyboard.PressAsync("Enter");
        await visit.FaceAsync("issued");
        // The focus stays where it was: whoever hears the page is told there.
        Assert.True(await visit.Button.EvaluateAsync<bool>("button => button === document.activeElement"));
    }
}
