using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests.Events;

/// <summary>
/// Many pages, each of a member of its own, that are open when the campaign opens, and a press on each as soon as its button is ready. They are tabs of one window, since a window for each takes a
/// machine to its end before it says anything of the page; each has a host name of its own (<c>*.localhost</c>), and so its own cookies and storage.
/// </summary>
[Collection(Browsing.Name)]
public sealed class OpeningTests(OneBrowser browser)
{
    private const int OpenedAtOnce = 4;
    private static readonly TimeSpan s_untilOpening = TimeSpan.FromSeconds(8), s_outcomesMax = TimeSpan.FromMinutes(2), s_heard = TimeSpan.FromSeconds(4);

    private static int Pages => Needed.IsFull ? 200 : 16;

    [Fact]
    public async Task A_crowd_of_pages_presses_at_the_opening_and_as_many_as_there_are_coupons_have_one()
    {
        var quota = Pages * 6 / 10;
        var campaign = await browser.ComingAsync(quota);
        await using var visit = await browser.OpenAsync("/");
        var pages = new ConcurrentQueue<IPage>();
        await Parallel.ForAsync(0, Pages, new ParallelOptions { MaxDegreeOfParallelism = OpenedAtOnce, CancellationToken = TestContext.Current.CancellationToken }, async (i, _) => pages.Enqueue(await WaitingAsync(visit, $"m{i}.localhost", campaign)));
        var opensAt = DateTimeOffset.UtcNow + s_untilOpening;
        await browser.OpensAtAsync(campaign, opensAt);
        var asked = 0;
        visit.Context.Request += (_, request) => { if (DateTimeOffset.UtcNow is var now && now > opensAt - s_heard && now < opensAt + s_heard && request.Method == "GET") { Interlocked.Increment(ref asked); } };
        var outcomes = await Task.WhenAll(pages.Select(OutcomeAsync));
        var after = DateTimeOffset.UtcNow - opensAt;
        // What a page would ask once it knows its outcome counts too.
        if (s_heard - after is { Ticks: > 0 } left) { await Task.Delay(left, TestContext.Current.CancellationToken); }
        // Whoever heard first that nothing is left did not press.
        var pressed = (await Task.WhenAll(pages.Select(page => page.EvaluateAsync<double?>("Number(document.querySelector('#claim').dataset.pressed) || null")))).OfType<double>().Select(at => at - opensAt.ToUnixTimeMilliseconds()).Order().ToList();
        TestContext.Current.TestOutputHelper?.WriteLine(
            $"{Pages} pages, {pressed.Count} pressed {pressed[0]:0} to {pressed[^1]:0} ms (median {pressed[pressed.Count / 2]:0}) after the opening; the last knew its outcome {after.TotalSeconds:0.0} s after it; {visit.Claims} claims; "
            + $"{asked} questions within {s_heard.TotalSeconds:0} s of it");
        Assert.Equal((quota, Pages - quota), (outcomes.Count(face => face == "issued"), outcomes.Count(face => face == "soldOut")));
        // Whoever is there with a million others asks for nothing but the coupon.
        Assert.Equal(0, asked);
        Assert.True(pressed[0] >= 0, "A page opened before the campaign.");
        await browser.AcceptedAsync(campaign, quota);
    }

    private async Task<IPage> WaitingAsync(Visit visit, string host, string campaign)
    {
        var page = await browser.TabAsync(visit, host, $"/campaigns/{campaign}", await browser.MemberAsync());
        await visit.FaceAsync("notYet", page);
        // A finger that waits on the button.
        await page.EvaluateAsync(
            """
            () => {
              const chosen = document.querySelector('#chosen');
              new MutationObserver(() => {
                const button = document.querySelector('#claim');
                if (chosen.dataset.face !== 'ready' || button.dataset.pressed) { return; }
                button.dataset.pressed = Date.now();
                button.click();
              }).observe(chosen, { attributes: true, attributeFilter: ['data-face'] });
            }
            """);
        return page;
    }

    private static async Task<string> OutcomeAsync(IPage page)
    {
        var chosen = page.Locator("#chosen");
        await Assertions.Expect(chosen).ToHaveAttributeAsync("data-face", new Regex("^(issued|soldOut)$"), new() { Timeout = (float)s_outcomesMax.TotalMilliseconds });
        return await chosen.GetAttributeAsync("data-face") ?? "";
    }
}
