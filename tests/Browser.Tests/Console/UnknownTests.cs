using System.Text.Json.Nodes;
using Dapper;
using Microsoft.Data.Sqlite;
using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Console;

/// <summary>What a service does not answer is told as not known, and never as none. The services are kept from their answers in the engines' own files, beside the running system.</summary>
[Collection(Browsing.Name)]
public sealed class UnknownTests(OneBrowser browser)
{
    private const int Claims = 60;
    // As long as CacheService may tell what it heard last, and a look of the page.
    private const float SeenWithinMs = 60_000;
    private static readonly View s_desk = View.Desk.InEnglish;

    [Fact]
    public async Task A_page_of_claims_that_is_refused_leaves_the_one_before()
    {
        var campaign = await browser.CampaignAsync(Claims, change: body => body["rehearsal"] = true);
        var members = await browser.System.MembersAsync(campaign, Claims);
        await Task.WhenAll(members.Select(member => browser.System.ClaimAsync(campaign, member.Token)));
        await Eventually.TrueAsync(
            async () => (await browser.System.SendAsync(HttpMethod.Get, $"/api/campaigns/{campaign}/claims?limit=200", await browser.System.TokenAsync("operator"))).Body["items"]!.AsArray().Count == Claims,
            TimeSpan.FromMilliseconds(SeenWithinMs), "the ledger has every claim");
        await using var visit = await browser.EnterAsync("operator", $"claims?campaign={campaign}", s_desk);
        var (page, rows) = (visit.Page, visit.Page.Locator(".claims tbody tr"));
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Next" })).ToBeVisibleAsync();
        var first = await rows.First.InnerTextAsync();
        await WithoutAsync("ledger.db", "claim", async () =>
        {
            await page.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
            await Assertions.Expect(page.Locator(".mud-alert")).ToBeVisibleAsync();
            Assert.Equal(first, await rows.First.InnerTextAsync());
            await Assertions.Expect(page.GetByText("There is no claim.")).ToHaveCountAsync(0);
            await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Previous" })).ToHaveCountAsync(0);
            await page.ReloadAsync();
            await Assertions.Expect(page.Locator(".mud-alert")).ToBeVisibleAsync();
            await Assertions.Expect(page.GetByText("There is no claim.")).ToHaveCountAsync(0);
            // A file that cannot be had is no page of its own in a language of machines.
            await page.GotoAsync($"/console/claims/{campaign}.csv");
            await Assertions.Expect(page.GetByText("The CSV file could not be had.")).ToBeVisibleAsync();
        });
        await page.GotoAsync($"/console/claims?campaign={campaign}");
        await page.GetByRole(AriaRole.Button, new() { Name = "Next" }).ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Previous" })).ToBeVisibleAsync();
        await WithoutAsync("ledger.db", "claim", async () =>
        {
            var last = await rows.First.InnerTextAsync();
            await page.GetByRole(AriaRole.Button, new() { Name = "Previous" }).ClickAsync();
            await Assertions.Expect(page.Locator(".mud-alert")).ToBeVisibleAsync();
            Assert.Equal(last, await rows.First.InnerTextAsync());
        });
        await page.GetByRole(AriaRole.Button, new() { Name = "Previous" }).ClickAsync();
        await Assertions.Expect(rows.First).ToContainTextAsync(first.Split('\t')[0]);
        await Assertions.Expect(page.GetByRole(AriaRole.Button, new() { Name = "Previous" })).ToHaveCountAsync(0);
    }

    [Fact]
    public async Task Redemptions_that_cannot_be_read_are_not_told_as_none()
    {
        await browser.StartAsync();
        await WithoutAsync("coupons.db", "redemption", async () =>
        {
            await using var visit = await browser.EnterAsync("merchant", "redeem", s_desk);
            await Assertions.Expect(visit.Page.Locator(".mud-alert")).ToBeVisibleAsync();
            await Assertions.Expect(visit.Page.GetByText("Nothing redeemed today.")).ToHaveCountAsync(0);
            await Assertions.Expect(visit.Page.Locator(".mud-progress-linear")).ToHaveCountAsync(0);
        });
    }

    [Fact]
    public async Task A_trail_that_cannot_be_read_leaves_the_list_in_force_unknown()
    {
        var id = await browser.CampaignAsync(5, schedule: false, body => body["audience"] = JsonNode.Parse("""[{"kind":"list"}]"""));
        await using var visit = await browser.EnterAsync("operator", "campaigns/" + id, s_desk);
        await Assertions.Expect(visit.Page.Locator("#audience-in-force")).ToHaveTextAsync("No list yet: until then nobody may claim.");
        await WithoutAsync("coupons.db", "campaign_history", async () =>
        {
            await visit.Page.ReloadAsync();
            await Assertions.Expect(visit.Page.Locator(".mud-alert")).ToBeVisibleAsync();
            await Assertions.Expect(visit.Page.Locator("#audience-in-force")).ToHaveTextAsync("The size of the list in force is not known.");
        });
    }

    [Fact]
    public async Task A_campaign_that_cannot_be_followed_any_more_says_of_when_its_numbers_are()
    {
        var id = await browser.CampaignAsync(5);
        await using var visit = await browser.EnterAsync("operator", "campaigns/" + id, s_desk);
        var told = visit.Page.Locator("#not-followed");
        await Assertions.Expect(visit.Page.Locator("#campaign-state")).ToHaveTextAsync("Open");
        await Assertions.Expect(told).ToHaveCountAsync(0);
        await RenameAsync(id, Guid.NewGuid().ToString(), async () =>
        {
            await Assertions.Expect(told).ToContainTextAsync("State and numbers are those of 20", new() { Timeout = SeenWithinMs });
            await Assertions.Expect(visit.Page.Locator("#campaign-state")).ToHaveTextAsync("Open");
        });
        await Assertions.Expect(told).ToHaveCountAsync(0, new() { Timeout = SeenWithinMs });
        await browser.OperateAsync(id, "close");
    }

    private async Task WithoutAsync(string file, string table, Func<Task> meanwhile)
    {
        await ExecuteAsync(file, $"ALTER TABLE {table} RENAME TO {table}_away", new { });
        try { await meanwhile(); }
        finally { await ExecuteAsync(file, $"ALTER TABLE {table}_away RENAME TO {table}", new { }); }
    }

    private async Task RenameAsync(string campaign, string other, Func<Task> meanwhile)
    {
        var (id, away) = (Guid.Parse(campaign).ToByteArray(bigEndian: true), Guid.Parse(other).ToByteArray(bigEndian: true));
        await ExecuteAsync("coupons.db", "UPDATE campaign SET id = @away WHERE id = @id", new { id, away });
        try { await meanwhile(); }
        finally { await ExecuteAsync("coupons.db", "UPDATE campaign SET id = @id WHERE id = @away", new { id, away }); }
    }

    private async Task ExecuteAsync(string file, string sql, object values)
    {
        await using var connection = new SqliteConnection($"Data Source={Path.Combine(browser.System.Data, file)};Default Timeout=10;Pooling=False");
        await connection.ExecuteAsync(sql, values);
    }
}
