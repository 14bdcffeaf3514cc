using System.Text.Json;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Pages;

[Collection(Browsing.Name)]
public sealed class WeightTests(OneBrowser browser)
{
    private const int BytesMax = 60 * 1024, RequestsMax = 2, Minutes = 4;

    [Fact]
    public async Task The_event_page_comes_in_60_KB()
    {
        var campaign = await browser.CampaignAsync(10);
        await using var visit = await browser.OpenAsync("about:blank");
        var session = await visit.Context.NewCDPSessionAsync(visit.Page);
        var bytes = 0L;
        session.Event("Network.loadingFinished").OnEvent += (_, told) => Interlocked.Add(ref bytes, (long)told!.Value.GetProperty("encodedDataLength").GetDouble());
        await session.SendAsync("Network.enable");
        await visit.Page.GotoAsync($"/campaigns/{campaign}");
        await visit.FaceAsync("signIn");
        await visit.Page.WaitForLoadStateAsync(LoadState.Load);
        var interactive = await visit.Page.EvaluateAsync<JsonElement>("({ dom: performance.getEntriesByType('navigation')[0].domInteractive, now: performance.now() })");
        TestContext.Current.TestOutputHelper?.WriteLine($"{bytes} bytes over the wire, headers included; DOM interactive after {interactive.GetProperty("dom").GetDouble():0} ms, the button there after at most {interactive.GetProperty("now").GetDouble():0} ms");
        Assert.InRange(bytes, 1_000, BytesMax);
    }

    [Fact]
    public async Task Whoever_waits_asks_twice_a_minute_at_most()
    {
        var campaign = await browser.CampaignAsync(10, change: body => body["opensAt"] = DateTimeOffset.UtcNow.AddMinutes(30).ToString("O"));
        await using var visit = await browser.OpenAsync("/", await browser.MemberAsync());
        // Minutes of the page's own clock, and the stream away, so that it must ask.
        await visit.Page.Clock.InstallAsync();
        await visit.Page.RouteAsync("**/events", route => route.AbortAsync());
        await visit.Page.GotoAsync($"/campaigns/{campaign}");
        await visit.FaceAsync("notYet");
        await PassAsync(minutes: 1);
        var asked = new List<string>();
        visit.Page.Request += (_, request) => { lock (asked) { asked.Add(request.Url); } };
        await PassAsync(Minutes);
        Assert.Contains(asked, url => url.EndsWith($"/api/campaigns/{campaign}", StringComparison.Ordinal));
        Assert.InRange(asked.Count, 1, RequestsMax * Minutes);

        async Task PassAsync(int minutes)
        {
            for (var second = 0; second < minutes * 60; second += 5) { await visit.Page.Clock.RunForAsync(5_000); }
        }
    }
}
