using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Console;

/// <summary>The editor of campaigns, where it could lose something: conditions, errors of the service, lines of a list.</summary>
[Collection(Browsing.Name)]
public sealed class EditorTests(OneBrowser browser)
{
    [Fact]
    public async Task A_change_in_the_editor_keeps_all_other_conditions_and_an_error_is_told_at_its_row()
    {
        var id = await browser.CampaignAsync(5, schedule: false, body => body["audience"] = JsonNode.Parse(
            """[{"kind":"tag","anyOf":["vip","a, b"]},{"kind":"tag","anyOf":["seoul"],"noneOf":["staff"]},{"kind":"tag","noneOf":["left"]},{"kind":"memberSince","before":"2026-01-02T03:04:05.678Z"}]"""));
        await using var visit = await browser.EnterAsync("operator", "campaigns/" + id, View.Phone);
        var page = visit.Page;
        var rows = page.Locator(".condition");
        await Assertions.Expect(rows).ToHaveCountAsync(4);
        await rows.Nth(2).GetByRole(AriaRole.Button, new() { Name = "조건 3 삭제" }).ClickAsync();
        await Assertions.Expect(rows).ToHaveCountAsync(3);
        await page.GetByRole(AriaRole.Button, new() { Name = "조건 추가" }).ClickAsync();
        // One that the editor knows to be wrong, then one that only the service does.
        await page.GetByRole(AriaRole.Button, new() { Name = "저장", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("1개 항목을 고쳐 주세요.")).ToBeVisibleAsync();
        var last = rows.Nth(3).GetByLabel("다음 중 하나 (한 줄에 하나)");
        await last.FillAsync("bad\u200Evalue");
        await page.GetByRole(AriaRole.Button, new() { Name = "저장", Exact = true }).ClickAsync();
        await Assertions.Expect(rows.Nth(3)).ToContainTextAsync("제어 문자 U+200E을(를) 쓸 수 없습니다.", new() { Timeout = 20_000 });
        await page.EvaluateAsync("scrollTo(0, 0)");
        await visit.LookAsync("console-conditions-ko-phone", async tab =>
        {
            await tab.GetByRole(AriaRole.Button, new() { Name = "Add a condition" }).ClickAsync();
            await tab.Locator(".condition").Nth(4).GetByLabel("Any of (one to a line)").FillAsync("bad\u200Evalue");
            await tab.GetByRole(AriaRole.Button, new() { Name = "Save", Exact = true }).ClickAsync();
            await Assertions.Expect(tab.Locator(".condition").Nth(4)).ToContainTextAsync("must not contain the control character");
        });
        await last.FillAsync("new, one\nother");
        await page.GetByRole(AriaRole.Button, new() { Name = "저장", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("저장했습니다.")).ToBeVisibleAsync();
        var saved = await browser.System.SendAsync(HttpMethod.Get, $"/api/campaigns/{id}/history?limit=1", await browser.System.TokenAsync("operator"));
        var expected = JsonNode.Parse(
            """[{"kind":"tag","anyOf":["vip","a, b"]},{"kind":"tag","anyOf":["seoul"],"noneOf":["staff"]},{"kind":"memberSince","before":"2026-01-02T03:04:05.678Z"},{"kind":"tag","anyOf":["new, one","other"]}]""");
        var line = saved.Body["items"]![0]!;
        Assert.Equal("audience", (string?)Assert.Single(line["changed"]!.AsArray()));
        Assert.Equal(Plain(expected), Plain(line["after"]!["audience"]));

        static string Plain(JsonNode? node) => node!.ToJsonString().Replace("+00:00", "Z", StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_campaign_is_made_once_and_Back_leads_to_an_empty_form()
    {
        var name = $"Once only {Guid.NewGuid():N}"[..16];
        await using var visit = await browser.EnterAsync("operator", "campaigns/new", View.Desk.InEnglish);
        var page = visit.Page;
        await page.GetByLabel("Name (Korean)").FillAsync(name);
        await page.GetByLabel("Name (English)").FillAsync(name);
        await page.GetByLabel("Opens (KST)").FillAsync("2030-01-01T10:00");
        await page.GetByLabel("Closes (KST)").FillAsync("2030-01-02T10:00");
        await page.GetByLabel("Currency").FillAsync("USD");
        await page.GetByLabel("Discount (USD)").FillAsync("12.345");
        await Assertions.Expect(page.GetByText("Must be an amount above zero")).ToBeVisibleAsync();
        await page.GetByLabel("Discount (USD)").FillAsync("12.34");
        await page.GetByLabel("Smallest order (USD)").FillAsync("1,000");
        await page.GetByRole(AriaRole.Button, new() { Name = "Add a condition" }).ClickAsync();
        await page.GetByLabel("Any of (one to a line)").FillAsync("vip");
        // What is typed is checked and previewed as it is typed.
        await page.GetByLabel("Per member").FillAsync("2");
        var preview = page.Locator(".preview[lang=en]");
        foreach (var told in (string[])["$12.34 off", "Orders from $1,000.00", "selected members", "30 days after you get it", "up to 2"]) { await Assertions.Expect(preview).ToContainTextAsync(told); }
        await page.EvaluateAsync("[...document.querySelectorAll('button')].filter(each => each.textContent.trim() === 'Make the draft').forEach(each => { each.click(); each.click(); })");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("/console/campaigns/[0-9a-f-]{36}$"));
        await Assertions.Expect(page.Locator("#campaign-state")).ToHaveTextAsync("Draft");
        var made = await browser.System.SendAsync(HttpMethod.Get, $"/api/campaigns?query={Uri.EscapeDataString(name)}", await browser.System.TokenAsync("operator"));
        Assert.Equal(1_234, (int)Assert.Single(made.Body["items"]!.AsArray())!["benefit"]!["amount"]!["minor"]!);

        await page.GoBackAsync();
        await Assertions.Expect(page.Locator("h1")).ToHaveTextAsync("New campaign");
        await Assertions.Expect(page.GetByLabel("Name (English)")).ToHaveValueAsync("");
        await Assertions.Expect(page.Locator("#campaign-state")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Make the draft" })).ToBeVisibleAsync();

        // By its name, and among the drafts, it is found again; among the open ones it is not.
        await page.GotoAsync("/console/campaigns");
        await page.GetByLabel("Search by name").FillAsync(name);
        await page.GetByRole(AriaRole.Button, new() { Name = "Search" }).ClickAsync();
        await Assertions.Expect(page.Locator("tbody tr")).ToHaveCountAsync(1);
        await page.Locator("#state").SelectOptionAsync("draft");
        await Assertions.Expect(page).ToHaveURLAsync(new Regex("state=draft"));
        await Assertions.Expect(page.Locator("tbody a", new() { HasText = name })).ToBeVisibleAsync();
        await page.Locator("#state").SelectOptionAsync("open");
        await Assertions.Expect(page.GetByText("No campaign is found.")).ToBeVisibleAsync();
    }

    [Fact]
    public async Task What_was_typed_is_asked_about_before_the_page_is_left()
    {
        var id = await browser.CampaignAsync(5, schedule: false);
        await using var visit = await browser.EnterAsync("operator", "campaigns/" + id, View.Desk.InEnglish);
        var page = visit.Page;
        var asked = 0;
        page.Dialog += async (_, dialog) =>
        {
            Interlocked.Increment(ref asked);
            await dialog.AcceptAsync();
        };
        var (quota, dialogs) = (page.GetByLabel("Quota", new() { Exact = true }), page.Locator(".mud-dialog"));
        await quota.FillAsync("77");
        foreach (var leave in (Func<Task>[])[() => page.GetByRole(AriaRole.Link, new() { Name = "Health" }).ClickAsync(), () => page.GetByRole(AriaRole.Link, new() { Name = "한국어" }).ClickAsync()])
        {
            await leave();
            await dialogs.GetByRole(AriaRole.Button, new() { Name = "Stay" }).ClickAsync();
            await Assertions.Expect(dialogs).ToHaveCountAsync(0);
            Assert.EndsWith(id, page.Url, StringComparison.Ordinal);
            await Assertions.Expect(quota).ToHaveValueAsync("77");
        }
        // Whoever says so leaves, and is not asked a second time by the browser.
        await page.GetByRole(AriaRole.Link, new() { Name = "한국어" }).ClickAsync();
        await dialogs.GetByRole(AriaRole.Button, new() { Name = "Leave without saving" }).ClickAsync();
        await Assertions.Expect(page.GetByLabel("수량", new() { Exact = true })).ToHaveValueAsync("5");
        Assert.Equal(0, asked);
        // What leads out of the console is the browser's to ask about, and only while there is something to lose.
        await page.ReloadAsync();
        await Assertions.Expect(page.GetByLabel("수량", new() { Exact = true })).ToHaveValueAsync("5");
        Assert.Equal(0, asked);
        await page.GetByLabel("수량", new() { Exact = true }).FillAsync("78");
        // The browser hears of it a moment after the page shows it.
        await page.WaitForFunctionAsync("() => !window.dispatchEvent(new Event('beforeunload', { cancelable: true }))");
        await page.ReloadAsync();
        Assert.Equal(1, asked);
    }

    [Theory]
    [InlineData("""{"kind":"percent","percent":10,"cap":{"currency":"KRW","minor":5000},"minimumOrder":{"currency":"KRW","minor":20000}}""", """{"until":"2030-11-26T15:00:00Z"}""")]
    [InlineData("""{"kind":"gift","name":{"ko":"머그컵","en":"A mug"}}""", """{"until":"2030-11-26T05:30:00Z"}""")]
    [InlineData("""{"kind":"amount","amount":{"currency":"USD","minor":1250}}""", """{"days":1}""")]
    [InlineData("""{"kind":"amount","amount":{"currency":"CHF","minor":125000}}""", """{"days":1500}""")]
    public async Task The_preview_says_what_the_event_page_says(string benefit, string validity)
    {
        var id = await browser.CampaignAsync(1_500, change: body =>
        {
            (body["benefit"], body["validity"], body["perMember"]) = (JsonNode.Parse(benefit), JsonNode.Parse(validity), 2);
            body["audience"] = JsonNode.Parse(
                """[{"kind":"grade","anyOf":["GOLD","VIP"]},{"kind":"tag","anyOf":["seoul"]},{"kind":"memberSince","after":"2025-12-31T15:00:00Z","before":"2026-10-01T03:30:00Z"},{"kind":"birthMonth"}]""");
        });
        await using var visit = await browser.EnterAsync("operator", "campaigns/" + id, View.Desk);
        foreach (var (language, view) in new[] { ("ko", View.Phone), ("en", View.Phone.InEnglish) })
        {
            await using var member = await browser.OpenAsync("/campaigns/" + id, view: view);
            await Assertions.Expect(member.Page.Locator(".left strong")).ToContainTextAsync("1,500");
            var preview = visit.Page.Locator($".preview[lang={language}]");
            await preview.WaitForAsync();
            var limits = await member.Page.Locator(".benefit small").CountAsync() > 0 ? await member.Page.Locator(".benefit small").InnerTextAsync() : "";
            Assert.Equal(await TextAsync(member.Page.Locator(".benefit"), limits), await TextAsync(preview.Locator(".preview-benefit")));
            if (limits.Length > 0) { await Assertions.Expect(preview).ToContainTextAsync(limits); }
            // The first fact of the page, its window, is told otherwise here.
            Assert.Equal((await TextsAsync(member.Page.Locator(".facts > div"))).Skip(1), await TextsAsync(preview.Locator(".preview-facts > div")));
            Assert.Equal(await TextAsync(member.Page.Locator(".left")), await TextAsync(preview.Locator(".preview-left")));
        }
        await browser.OperateAsync(id, "close");

        static async Task<List<string>> TextsAsync(ILocator parts) => [.. (await parts.AllInnerTextsAsync()).Select(Plain)];

        static async Task<string> TextAsync(ILocator part, string without = "") => Plain(without.Length == 0 ? await part.InnerTextAsync() : (await part.InnerTextAsync()).Replace(without, "", StringComparison.Ordinal));

        // Which kind of space stands between two words makes no difference to who reads them.
        static string Plain(string text) => string.Join(' ', text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task The_campaign_s_page_follows_the_clock_and_the_claims()
    {
        var id = await browser.ComingAsync(3);
        await using var visit = await browser.EnterAsync("operator", "campaigns", View.Desk.InEnglish);
        await browser.OpensAtAsync(id, DateTimeOffset.UtcNow.AddSeconds(15));
        await visit.Page.GotoAsync("/console/campaigns/" + id);
        var page = visit.Page;
        await Assertions.Expect(page.Locator("#campaign-state")).ToHaveTextAsync("Scheduled");
        await Assertions.Expect(page.Locator("#audience-file")).ToHaveCountAsync(0);
        await page.GetByLabel("Quota", new() { Exact = true }).FillAsync("77");
        await Assertions.Expect(page.Locator("#campaign-state")).ToHaveTextAsync("Open", new() { Timeout = 40_000 });
        var member = await browser.MemberAsync();
        await browser.System.ClaimAsync(id, await browser.System.SignInAsync(member.Email, member.Password));
        await Assertions.Expect(page.Locator("#campaign-counts .figure", new() { HasText = "Remaining" }).Locator("dd")).ToHaveTextAsync("2", new() { Timeout = 25_000 });
        // What was typed meanwhile is still there, and somebody else's change is told before it is overwritten.
        await Assertions.Expect(page.GetByLabel("Quota", new() { Exact = true })).ToHaveValueAsync("77");
        await browser.OperateAsync(id, "pause");
        await Assertions.Expect(page.GetByText("Somebody else has changed this campaign.")).ToBeVisibleAsync(new() { Timeout = 25_000 });
        await page.GetByRole(AriaRole.Button, new() { Name = "Reload" }).ClickAsync();
        await Assertions.Expect(page.Locator("#campaign-state")).ToHaveTextAsync("Paused");
        await Assertions.Expect(page.GetByLabel("Quota", new() { Exact = true })).ToHaveValueAsync("3");
    }

    [Fact]
    public async Task A_list_with_wrong_lines_is_told_line_by_line_and_a_right_one_is_counted()
    {
        var (one, other) = (await browser.MemberAsync(), await browser.MemberAsync());
        var id = await browser.CampaignAsync(5, schedule: false, body => body["audience"] = JsonNode.Parse("""[{"kind":"list"}]"""));
        await using var visit = await browser.EnterAsync("operator", "campaigns/" + id, View.Phone);
        var page = visit.Page;
        var wrong = new StringBuilder($"email\n{one.Email}\n<img src=x onerror=alert(1)>\nnobody-{id}@example.com\n\"half\n{other.Email}\n=cmd()\n{new string('x', 1_100)}\n");
        for (var i = 0; i < 120; i++) { wrong.Append("no address\n"); }
        await ChooseAsync(wrong.ToString());
        var rows = page.Locator(".rejected tbody tr");
        await Assertions.Expect(rows).ToHaveCountAsync(100);
        await Assertions.Expect(page.Locator("#rejected-count")).ToContainTextAsync("125개 줄이 틀렸습니다. 아무것도 가져오지 않았습니다. 처음 100개 줄입니다.");
        var told = await rows.AllInnerTextsAsync();
        Assert.Equal(
            ["3 이메일 주소여야 합니다.", "4 회원이 아닙니다.", "5 따옴표는 값 전체를 짝으로 감싸야 합니다.", "7 이메일 주소여야 합니다.", "8 1,024바이트까지 쓸 수 있습니다."],
            told.Take(5).Select(row => string.Join(' ', row.Split('\t', StringSplitOptions.TrimEntries))));
        // The list stays within its box, however long it is.
        Assert.InRange((await page.Locator(".rejected").BoundingBoxAsync())!.Height, 100, 400);
        await page.EvaluateAsync("scrollTo(0, 0)");
        await visit.LookAsync("console-audience-ko-phone", async tab =>
        {
            await tab.WaitForFunctionAsync("() => document.getElementById('audience-file')?._blazorInputFileNextFileId !== undefined");
            await tab.Locator("#audience-file").SetInputFilesAsync(File(wrong.ToString()));
            await Assertions.Expect(tab.Locator(".rejected tbody tr")).ToHaveCountAsync(100);
        });
        Assert.Equal(0, await ListsAsync());

        await ChooseAsync($"email\n{one.Email}\n\n\"{other.Email}\"\n{one.Email}\n");
        await Assertions.Expect(page.GetByText("회원 2명을 가져왔습니다.").First).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator(".rejected")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByText("회원 목록 교체")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("#audience-in-force")).ToHaveTextAsync("지금 목록: 회원 2명");
        Assert.Equal(1, await ListsAsync());

        // In a campaign that is open a list counts at once: nothing is replaced before somebody has said so.
        await browser.OperateAsync(id, "schedule");
        await page.ReloadAsync();
        await ChooseAsync($"email\n{one.Email}\n");
        await Assertions.Expect(page.Locator(".mud-dialog")).ToContainTextAsync("목록 전체를 members.csv(으)로 바꿀까요? (지금 목록: 회원 2명)");
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "취소" }).ClickAsync();
        await Assertions.Expect(page.Locator(".mud-dialog")).ToHaveCountAsync(0);
        Assert.Equal(1, await ListsAsync());
        await ChooseAsync($"email\n{one.Email}\n");
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "목록 교체" }).ClickAsync();
        await Assertions.Expect(page.Locator("#audience-in-force")).ToHaveTextAsync("지금 목록: 회원 1명");
        Assert.Equal(2, await ListsAsync());

        async Task ChooseAsync(string csv)
        {
            // Blazor's script has the field a moment after the page shows it.
            await page.WaitForFunctionAsync("() => document.getElementById('audience-file')?._blazorInputFileNextFileId !== undefined");
            await page.Locator("#audience-file").SetInputFilesAsync(File(csv));
        }

        static FilePayload File(string csv) => new() { Name = "members.csv", MimeType = "text/csv", Buffer = Encoding.UTF8.GetBytes(csv) };

        async Task<int> ListsAsync()
        {
            var history = await browser.System.SendAsync(HttpMethod.Get, $"/api/campaigns/{id}/history", await browser.System.TokenAsync("operator"));
            return history.Body["items"]!.AsArray().Count(line => (string?)line!["action"] == "replaceAudience");
        }
    }
}
