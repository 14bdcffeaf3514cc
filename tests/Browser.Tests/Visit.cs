using System.Collections.Concurrent;
using Deque.AxeCore.Commons;
using Deque.AxeCore.Playwright;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests;

/// <summary>One visitor: a browser context of its own, with its first tab. Whatever a page's console says of broken scripts or of the content security policy fails the test at the end.</summary>
public sealed class Visit : IAsyncDisposable
{
    private static readonly string[] s_serious = ["serious", "critical"];
    private readonly ConcurrentQueue<string> _broken = [];
    private int _claims;

    internal Visit(IBrowserContext context, IPage page)
    {
        (Context, Page) = (context, page);
        Watch(page);
    }

    public IBrowserContext Context { get; }

    public IPage Page { get; }

    /// <summary>How many claims this visitor's tabs have sent.</summary>
    public int Claims => Volatile.Read(ref _claims);

    public ILocator Button => Page.Locator("#claim");

    /// <summary>Another tab of the same visitor; <paramref name="first"/> is a script that runs before the page's own.</summary>
    public async Task<IPage> TabAsync(string path, string? first = null)
    {
        var tab = await Context.NewPageAsync();
        Watch(tab);
        if (first is not null) { await tab.AddInitScriptAsync(first); }
        await tab.GotoAsync(path);
        return tab;
    }

    /// <summary>For <see cref="LookAsync"/>: all of the page's state stands in its address.</summary>
    public static Task AsAddressed(IPage page) => page.Locator("h1").WaitForAsync();

    /// <summary>Waits until the event page shows this face (the names in <c>claim-machine.js</c>).</summary>
    public Task FaceAsync(string face, IPage? tab = null) => Assertions.Expect((tab ?? Page).Locator("#chosen")).ToHaveAttributeAsync("data-face", face);

    /// <summary>No serious finding of axe, nothing that goes out of the screen, and a picture for <c>docs/screens</c> where it is asked for.</summary>
    /// <param name="again">Brings the console's page, opened once more in the other language, to the same state, for its picture in that one.</param>
    public async Task LookAsync(string? picture = null, Func<IPage, Task>? again = null)
    {
        // First, as some of what is shown passes by.
        if (picture is not null) { await Pictures.TakeAsync(Page, picture, again); }
        var found = await Page.RunAxe(new AxeRunOptions { ResultTypes = [ResultType.Violations] });
        var serious = found.Violations.Where(violation => s_serious.Contains(violation.Impact)).Select(violation => $"{violation.Id}: {violation.Help} at {string.Join("; ", violation.Nodes.Select(node => $"{node.Target} {node.Html} {node.Any.FirstOrDefault()?.Message}"))}");
        Assert.True(!serious.Any(), $"{Page.Url}: {string.Join('\n', serious)}");
        Assert.True(await Page.EvaluateAsync<bool>("document.documentElement.scrollWidth <= innerWidth"), "Something is wider than the screen.");
    }

    /// <summary>A message of the console that the test itself brings about is no fault.</summary>
    public void Forgive() => _broken.Clear();

    public async ValueTask DisposeAsync()
    {
        await Context.DisposeAsync();
        Assert.Empty(_broken);
    }

    private void Watch(IPage page)
    {
        page.PageError += (_, error) => _broken.Enqueue(error);
        page.Console += (_, message) =>
        {
            // That a request was refused is no fault of the page: the browser tells every status from 400 on.
            if (message.Type == "error" && !message.Text.StartsWith("Failed to load resource", StringComparison.Ordinal)) { _broken.Enqueue(message.Text); }
        };
        page.Request += (_, request) =>
        {
            if (request.Method == "POST" && request.Url.EndsWith("/claims", StringComparison.Ordinal)) { Interlocked.Increment(ref _claims); }
        };
    }
}
