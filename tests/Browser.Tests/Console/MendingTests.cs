using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Dapper;
using FirstCome.SystemTests;
using FirstCome.TestKit;
using Microsoft.Data.Sqlite;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Console;

/// <summary>What went wrong is looked at and mended in the console, and the member's page tells of it. The harm is done in the engines' own files, beside the running system.</summary>
[Collection(Browsing.Name)]
public sealed class MendingTests(OneBrowser browser)
{
    private const string Reason = "<b>같은 가족</b>이 이미 받았습니다";
    private static readonly TimeSpan s_judged = TimeSpan.FromSeconds(30);
    private static readonly View s_desk = new(1280, 860, "en-US");

    [Fact]
    public async Task A_dead_letter_is_tried_again_or_rejected_and_the_member_hears_of_it()
    {
        var group = $"family-{Guid.NewGuid():N}"[..20];
        var campaign = await browser.CampaignAsync(10, change: body =>
        {
            body["group"] = group;
            body["audience"] = new JsonArray(new JsonObject { ["kind"] = "firstInGroup" });
        });
        await using var first = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        await using var second = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        foreach (var visit in (Visit[])[first, second])
        {
            // The ledger says that the member has a coupon of the group, and the gate does not know it.
            await visit.FaceAsync("ready");
            await ExecuteAsync("ledger.db", "INSERT INTO group_member (group_name, member_id, campaign_id, sequence) VALUES (@group, @member, @other, 1)", new { group, member = await MemberIdAsync(visit), other = Guid.NewGuid().ToByteArray(bigEndian: true) });
            await visit.Button.ClickAsync();
            await visit.FaceAsync("underReview");
        }
        // The reason is a word of ours, for operators.
        await Assertions.Expect(first.Page.Locator(".own")).Not.ToContainTextAsync("group-conflict");
        await first.LookAsync("event-under-review-ko");

        await using var console = await browser.EnterAsync("operator", $"dead-letters?campaign={campaign}", s_desk);
        var page = console.Page;
        await Assertions.Expect(page.GetByText("group-conflict")).ToHaveCountAsync(2);
        await console.LookAsync("console-dead-letters-en-desk", Visit.AsAddressed);
        await page.GetByLabel("Choose number 1").CheckAsync();
        await OrderAsync("Try again (1)");
        await Assertions.Expect(page.GetByText("The member holds a coupon of the group already; reject this one.")).ToBeVisibleAsync();

        await ExecuteAsync("ledger.db", "DELETE FROM group_member WHERE group_name = @group AND member_id = @member", new { group, member = await MemberIdAsync(first) });
        await page.GetByLabel("Choose number 1").CheckAsync();
        await OrderAsync("Try again (1)");
        await Assertions.Expect(page.GetByText("1 of 1 done.")).ToBeVisibleAsync();
        await first.FaceAsync("issued");

        await page.GetByLabel("Reason for rejecting").FillAsync(Reason);
        await page.GetByLabel("Choose number 2").CheckAsync();
        await OrderAsync("Reject (1)");
        await Assertions.Expect(page.GetByText("No claim waits here.")).ToBeVisibleAsync();
        await second.FaceAsync("rejected");
        await Assertions.Expect(second.Page.Locator(".own")).ToContainTextAsync(Reason);
        await second.LookAsync("event-rejected-ko");
        // What was dealt with stands behind a switch, here and in the API; the dashboard does not speak of it any more.
        await page.GetByLabel("Show closed ones too").CheckAsync();
        await Assertions.Expect(page.GetByText($"→ {Reason}")).ToBeVisibleAsync();
        await Assertions.Expect(page.Locator("td a[href^='campaigns/']").First).ToHaveTextAsync("Midsummer night: first come, first served");
        foreach (var (state, sequences) in new[] { ("open", ""), ("redriven", "1"), ("rejected", "2") }) { Assert.Equal(sequences, await InStateAsync(state)); }
        Assert.Equal(400, (int)(await ListAsync("waiting")).Status);
        await page.GotoAsync("/console/dashboard");
        await Assertions.Expect(page.Locator(".figure", new() { HasText = "Dead letters open" }).Locator("dd")).ToHaveTextAsync("0");
        await Assertions.Expect(page.Locator(".mud-alert a[href='dead-letters']")).ToHaveCountAsync(0);

        async Task<string> InStateAsync(string state) => string.Join(' ', (await ListAsync(state)).Body["items"]!.AsArray().Select(letter => (long)letter!["sequence"]!));

        async Task<Answer> ListAsync(string state) => await browser.System.SendAsync(HttpMethod.Get, $"/api/operations/dead-letters?campaign={campaign}&state={state}", await browser.System.TokenAsync("operator"));

        async Task OrderAsync(string name)
        {
            await page.GetByRole(AriaRole.Button, new() { Name = name }).ClickAsync();
            await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Yes" }).ClickAsync();
        }
    }

    [Fact]
    public async Task A_coupon_that_is_missing_is_found_and_made_again()
    {
        var campaign = await browser.CampaignAsync(5);
        await using var visit = await browser.OpenAsync($"/campaigns/{campaign}", await browser.MemberAsync());
        await visit.FaceAsync("ready");
        await visit.Button.ClickAsync();
        await visit.FaceAsync("issued");
        var code = await visit.Page.Locator(".own code").TextContentAsync();
        // The page may know of it a moment before its row is written.
        await Eventually.TrueAsync(async () => await ExecuteAsync("coupons.db", "DELETE FROM coupon WHERE campaign_id = @id", new { id = Guid.Parse(campaign).ToByteArray(bigEndian: true) }) == 1, s_judged, "the coupon was made, and is taken away");

        await using var console = await browser.EnterAsync("operator", $"reconciliation?campaign={campaign}", s_desk);
        var page = console.Page;
        // Another campaign is chosen in the very moment in which the repair of this one is previewed: what comes back for it must not allow the other's repair.
        var other = await browser.CampaignAsync(5);
        await page.ReloadAsync();
        await page.Locator($"#campaign option[value='{other}']").WaitForAsync(new() { State = WaitForSelectorState.Attached });
        await page.EvaluateAsync(
            "other => { [...document.querySelectorAll('button')].find(each => each.textContent.trim() === 'Preview the repair').click(); const choice = document.getElementById('campaign'); choice.value = other; choice.dispatchEvent(new Event('change', { bubbles: true })); }",
            other);
        await Assertions.Expect(page).ToHaveURLAsync(new Regex(@$"/reconciliation\?campaign={other}$"));
        await Assertions.Expect(page.Locator(".mud-progress-linear")).ToHaveCountAsync(0);
        Assert.True(await CompareAsync());
        await Assertions.Expect(page.GetByText("A repair would do this.")).ToHaveCountAsync(0);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Repair", Exact = true })).ToBeDisabledAsync();
        await page.GotoAsync($"/console/reconciliation?campaign={campaign}");
        // A row must be some seconds old to be judged for its coupon.
        await Eventually.TrueAsync(async () => await CompareAsync() && await page.GetByText("coupon-missing").CountAsync() == 1, s_judged, "the missing coupon is named");
        await console.LookAsync("console-reconciliation-en-desk", async tab =>
        {
            await tab.GetByRole(AriaRole.Button, new() { Name = "비교" }).ClickAsync();
            await tab.GetByText("coupon-missing").WaitForAsync();
        });
        await page.GetByRole(AriaRole.Button, new() { Name = "Preview the repair" }).ClickAsync();
        await Assertions.Expect(page.GetByText("coupons told again: 1")).ToBeVisibleAsync();
        await page.GetByRole(AriaRole.Button, new() { Name = "Repair", Exact = true }).ClickAsync();
        await page.Locator(".mud-dialog").GetByRole(AriaRole.Button, new() { Name = "Repair", Exact = true }).ClickAsync();
        await Assertions.Expect(page.GetByText("Repaired.")).ToBeVisibleAsync();
        await Eventually.TrueAsync(async () => await CompareAsync() && await page.GetByText("Everything agrees").CountAsync() == 1, s_judged, "everything agrees again");
        await visit.Page.GotoAsync("/wallet");
        await Assertions.Expect(visit.Page.Locator(".coupon code").First).ToHaveTextAsync(code!);

        async Task<bool> CompareAsync()
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Compare" }).ClickAsync();
            await Assertions.Expect(page.Locator(".mud-progress-linear")).ToHaveCountAsync(0);
            return true;
        }
    }

    private async Task<int> ExecuteAsync(string file, string sql, object values)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(browser.System.Data, file)};Default Timeout=10;Pooling=False");
        return await connection.ExecuteAsync(sql, values);
    }

    private async Task<byte[]> MemberIdAsync(Visit visit)
    {
        var email = await visit.Page.EvaluateAsync<string>("localStorage.getItem('firstcome.member')");
        var found = await browser.System.SendAsync(HttpMethod.Get, $"/api/operations/members?email={Uri.EscapeDataString(email)}", await browser.System.TokenAsync("operator"));
        return found.Body["id"]!.GetValue<Guid>().ToByteArray(bigEndian: true);
    }
}
