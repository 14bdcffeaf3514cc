using System.Text.Json.Nodes;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Pages;

/// <summary>Both languages, phone and desk, light and dark; long words, long numbers and hostile ones.</summary>
[Collection(Browsing.Name)]
public sealed class AppearanceTests(OneBrowser browser)
{
    private const int SmallWidth = 320;
    private const string Hostile = "<img src=x onerror=alert(1)><script>alert(2)</script>";

    [Theory]
    [InlineData("ko", false, false)]
    [InlineData("en", true, true)]
    public async Task Every_page_is_whole(string language, bool isDesk, bool isDark)
    {
        var campaign = await ColourfulAsync();
        var view = isDesk ? View.Desk : View.Phone;
        view = language == "en" ? view.InEnglish : view;
        view = isDark ? view.Dark : view;
        var name = $"{(isDesk ? "desk" : "phone")}-{(isDark ? "dark" : "light")}-{language}";
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync(), view);
        await Assertions.Expect(visit.Page.Locator("html")).ToHaveAttributeAsync("lang", language);
        await Assertions.Expect(visit.Page.Locator("#list .card").First).ToBeVisibleAsync();
        await visit.LookAsync($"list-{name}");
        await visit.Page.Locator($"a[href='/campaigns/{campaign}']").ClickAsync();
        await visit.FaceAsync("ready");
        await visit.LookAsync($"event-ready-{name}");
        // A value stands beside its name or under it, and not alone at the other side of the next line: on a small phone neither numbers nor dates have room beside theirs.
        await visit.Page.SetViewportSizeAsync(isDesk ? view.Width : SmallWidth, view.Height);
        Assert.Empty(await visit.Page.EvaluateAsync<string[]>(
            """
            () => [...document.querySelectorAll('.facts div, .left')].filter((pair) => {
              const [name, value] = [...pair.children].map((each) => { const text = document.createRange(); text.selectNodeContents(each); return text.getBoundingClientRect(); });
              return value.top >= name.bottom - 1 && Math.abs(value.left - name.left) > 1;
            }).map((pair) => pair.textContent)
            """));
        await visit.Page.SetViewportSizeAsync(view.Width, view.Height);
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
        await Assertions.Expect(visit.Page.Locator(".left strong")).ToContainTextAsync("1,234,566");
        await visit.LookAsync($"event-issued-{name}");
        await visit.Page.Locator("nav a[href='/wallet']").ClickAsync();
        await Assertions.Expect(visit.Page.Locator(".coupon .qr")).ToBeVisibleAsync();
        await visit.LookAsync($"wallet-{name}");
    }

    [Fact]
    public async Task What_people_write_is_shown_as_they_wrote_it()
    {
        var campaign = await browser.CampaignAsync(10, change: body =>
        {
            body["name"] = new JsonObject { ["ko"] = Hostile, ["en"] = Hostile };
            body["description"] = new JsonObject { ["ko"] = Hostile, ["en"] = Hostile };
        });
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync("<b>굵은</b> 이름"));
        await visit.FaceAsync("ready");
        await Assertions.Expect(visit.Page.Locator("#campaign-name")).ToHaveTextAsync(Hostile);
        Assert.Equal(0, await visit.Page.Locator("#chosen img, #chosen script").CountAsync());
        await visit.Page.GotoAsync("/wallet");
        await Assertions.Expect(visit.Page.Locator("#profile-name")).ToHaveValueAsync("<b>굵은</b> 이름");
        await visit.Page.GotoAsync("/");
        await Assertions.Expect(visit.Page.Locator($"a[href='/campaigns/{campaign}']")).ToContainTextAsync(Hostile);
        Assert.Equal(0, await visit.Page.Locator("#list img, #list script").CountAsync());
        await browser.OperateAsync(campaign, "close");
    }

    [Fact]
    public async Task A_page_that_lacks_one_of_its_files_says_something()
    {
        await using var visit = await browser.OpenAsync("about:blank");
        await visit.Page.RouteAsync("**/qr.js", route => route.FulfillAsync(new() { Status = 429 }));
        await visit.Page.GotoAsync("/");
        await Assertions.Expect(visit.Page.Locator("#starting")).ToHaveTextAsync("여는 중입니다… 오래 걸리면 새로 고쳐 주세요.");
        await visit.Page.UnrouteAllAsync();
        await visit.Page.ReloadAsync();
        await Assertions.Expect(visit.Page.Locator("#list-view")).ToBeVisibleAsync();
        await Assertions.Expect(visit.Page.Locator("#starting")).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task A_list_that_could_not_be_had_comes_by_itself_soon()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await browser.OpenAsync("about:blank");
        await visit.Page.RouteAsync("**/api/campaigns?*", route => route.AbortAsync());
        await visit.Page.GotoAsync("/");
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToContainTextAsync("자동으로 다시 시도합니다");
        await visit.Page.UnrouteAllAsync();
        await Assertions.Expect(visit.Page.Locator($"a[href='/campaigns/{campaign}']")).ToBeVisibleAsync(new() { Timeout = 20_000 });
        await Assertions.Expect(visit.Page.Locator("#trouble")).ToBeHiddenAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Something_moves_only_for_those_who_have_not_asked_for_less(bool isMoving)
    {
        await using var visit = await browser.OpenAsync("/", view: View.Phone with { IsMoving = isMoving });
        var moving = await visit.Page.EvaluateAsync<int>(
            """
            () => {
              const moves = (rules) => [...rules].map((rule) => (rule.media && !matchMedia(rule.media.mediaText).matches ? 0
                : rule.cssRules?.length ? moves(rule.cssRules) : Number(Boolean(rule.style?.transitionProperty || rule.style?.animationName)))).reduce((sum, each) => sum + each, 0);
              return moves([...document.styleSheets].flatMap((sheet) => [...sheet.cssRules]));
            }
            """);
        Assert.Equal(isMoving, moving > 0);
    }

    // Everything as long as it may reasonably be.
    private Task<string> ColourfulAsync() => browser.CampaignAsync(1_234_567, change: body =>
    {
        body["name"] = new JsonObject
        {
            ["ko"] = "대한민국 최대 규모 연말 감사 대축제 얼리버드 회원 전용 선착순 프리미엄 장바구니 할인 쿠폰",
            ["en"] = "The great end-of-year thank-you festival: an early-bird basket discount for members only",
        };
        body["description"] = new JsonObject
        {
            ["ko"] = "한 해 동안 함께해 주신 회원님께 드리는 감사의 선물입니다. 정해진 수량이 소진되면 이벤트가 끝나며, 다른 쿠폰과 함께 사용할 수 없습니다.",
            ["en"] = "A gift for the year that you have spent with us. The event ends when all are taken; not to be combined with other coupons.",
        };
        body["benefit"] = new JsonObject
        {
            ["kind"] = "percent",
            ["percent"] = 15,
            ["cap"] = new JsonObject { ["currency"] = "KRW", ["minor"] = 1_000_000 },
            ["minimumOrder"] = new JsonObject { ["currency"] = "KRW", ["minor"] = 12_500_000 },
        };
    });
}
