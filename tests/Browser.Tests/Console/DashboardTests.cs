using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Console;

/// <summary>The dashboard while something happens.</summary>
[Collection(Browsing.Name)]
public sealed class DashboardTests(OneBrowser browser)
{
    private const int Claims = 40;
    // A round of sampling and a look of the page, five seconds each, and the worker's batch between them.
    private const float SeenWithinMs = 25_000;

    [Fact]
    public async Task After_claims_the_dashboard_shows_them_in_figures_and_charts()
    {
        // What other tests left open would leave a rehearsal no row of its own.
        await browser.StartAsync();
        var left = await browser.System.SendAsync(HttpMethod.Get, "/api/campaigns?state=open&limit=200", null);
        foreach (var open in left.Body["items"]!.AsArray()) { await browser.OperateAsync((string)open!["id"]!, "close"); }
        var campaign = await browser.CampaignAsync(Claims, schedule: false, body => body["rehearsal"] = true);
        await browser.OperateAsync(campaign, "schedule");
        await using var visit = await browser.EnterAsync("operator", "dashboard", View.Desk.InEnglish);
        var page = visit.Page;
        await Assertions.Expect(page.Locator(".figures").First).ToBeVisibleAsync();
        var members = await browser.System.MembersAsync(campaign, Claims);
        await Task.WhenAll(members.Select(member => browser.System.ClaimAsync(campaign, member.Token)));

        await MoreThanZeroAsync(page.Locator(".figure", new() { HasText = "Accepted" }));
        await MoreThanZeroAsync(page.Locator(".figure", new() { HasText = "Worker batch size" }));
        foreach (var chart in (string[])["Claims per second", "Accepted per second", "Gate latency p99", "Worker batch size", "Worker records per second"])
        {
            // Its highest value stands in what a screen reader is told; its line is more than a flat one.
            await Assertions.Expect(page.Locator($".charts [role=img][aria-label^='{chart}']")).ToHaveAttributeAsync("aria-label", HighestAboveZero(), new() { Timeout = SeenWithinMs });
            var line = page.Locator($".charts [role=img][aria-label^='{chart}'] path.mud-chart-line").First;
            Assert.True(await line.EvaluateAsync<double>("line => line.getBBox().height") > 10, chart);
        }
        // The chart fills its box, its axis can be read, and its end is now.
        var chart0 = page.Locator(".charts .plot svg").First;
        var (plot, box) = ((await page.Locator(".charts .plot .mud-charts-grid, .charts .plot svg").First.BoundingBoxAsync())!, (await page.Locator(".charts .plot").First.BoundingBoxAsync())!);
        Assert.InRange(plot.Width / box.Width, 0.9, 1.05);
        Assert.InRange(await chart0.Locator("text").First.EvaluateAsync<double>("text => text.getBoundingClientRect().height"), 11, 24);
        await Assertions.Expect(page.Locator(".charts [role=img][aria-label^='Failed requests per second']")).ToBeVisibleAsync();
        // A campaign that is paused needs its operator as much as an open one; which are rehearsals is told.
        var paused = await browser.CampaignAsync(5, change: body => body["name"] = new System.Text.Json.Nodes.JsonObject { ["ko"] = "멈춘 캠페인", ["en"] = "A paused one" });
        await browser.OperateAsync(paused, "pause");
        var row = page.Locator("tr", new() { HasText = "A paused one" });
        await Assertions.Expect(row).ToContainTextAsync("Paused", new() { Timeout = SeenWithinMs });
        await Assertions.Expect(page.Locator("tr", new() { HasText = "Rehearsal" }).First).ToBeVisibleAsync();
        await browser.OperateAsync(paused, "close");
        await visit.LookAsync("console-dashboard-en-desk", tab => tab.Locator(".charts path.mud-chart-line").First.WaitForAsync());

        Task MoreThanZeroAsync(ILocator figure) => Assertions.Expect(figure.Locator("dd").First).ToHaveTextAsync(Number(), new() { Timeout = SeenWithinMs });
    }

    private static System.Text.RegularExpressions.Regex Number() => new("^(?=.*[1-9])[0-9,.]+");

    private static System.Text.RegularExpressions.Regex HighestAboveZero() => new("highest (?=.*[1-9])[0-9,.]+");
}
