using System.Text.Json;
using System.Text.Json.Nodes;
using FirstCome.SystemTests;
using FirstCome.TestKit;
using Microsoft.Playwright;
using Xunit;

namespace FirstCome.BrowserTests;

/// <summary>A whole system and Debian's Chromium, used as people use them. Without Chromium its tests are skipped by name.</summary>
public sealed class OneBrowser : IAsyncLifetime
{
    private const float TimeoutMs = 20_000;
    private static readonly TimeSpan s_countsLimit = TimeSpan.FromSeconds(10);

    // Many tabs in few processes, whatever their hosts.
    private static readonly string[] s_shared = ["--renderer-process-limit=6", "--disable-site-isolation-trials"];

    // A Korean desk: the system's own font is a Korean one.
    private const string Language = "ko_KR.UTF-8";

    private readonly RunningSystem _system = new();
    private IPlaywright? _playwright;
    private IBrowser? _browser;
    private int _members;

    public RunningSystem System => _system;

    public Uri Url => _system.Http.BaseAddress!;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) { await _browser.DisposeAsync(); }
        _playwright?.Dispose();
        await _system.DisposeAsync();
    }

    /// <summary>Opens a page as a new visitor; <paramref name="member"/> is signed in.</summary>
    public async Task<Visit> OpenAsync(string path, Member? member = null, View? view = null)
    {
        view ??= View.Phone;
        await StartAsync();
        var context = await _browser!.NewContextAsync(new BrowserNewContextOptions
        {
            BaseURL = Url.ToString(),
            Locale = view.Locale,
            TimezoneId = "Asia/Seoul",
            ViewportSize = new ViewportSize { Width = view.Width, Height = view.Height },
            ColorScheme = view.IsDark ? ColorScheme.Dark : ColorScheme.Light,
            ReducedMotion = view.IsMoving ? ReducedMotion.NoPreference : ReducedMotion.Reduce,
            StorageState = member is null ? null : await SessionOfAsync(member),
        });
        context.SetDefaultTimeout(TimeoutMs);
        var visit = new Visit(context, await context.NewPageAsync());
        await visit.Page.GotoAsync(path);
        return visit;
    }

    /// <summary>Another tab, in which another member is signed in: under a host name of its own, which is this machine too.</summary>
    public async Task<IPage> TabAsync(Visit visit, string host, string path, Member member)
    {
        await visit.Context.AddCookiesAsync([new() { Name = "fc-session", Value = await RefreshTokenAsync(member), Domain = host, Path = "/session", HttpOnly = true, SameSite = SameSiteAttribute.Strict }]);
        return await visit.TabAsync(new UriBuilder(new Uri(Url, path)) { Host = host }.Uri.ToString(), $"localStorage.setItem('firstcome.member', {JsonSerializer.Serialize(member.Email)})");
    }

    /// <summary>Somebody new with an account of his own.</summary>
    public async Task<Member> MemberAsync(string? displayName = null)
    {
        await StartAsync();
        var member = new Member($"member-{Interlocked.Increment(ref _members)}@example.com", "a long enough secret", displayName ?? "김하늘");
        var answer = await _system.SendAsync(HttpMethod.Post, "/api/users", null, new { email = member.Email, password = member.Password, displayName = member.DisplayName, locale = "ko" });
        Assert.True((int)answer.Status == 201, answer.Text);
        return member;
    }

    /// <summary>A campaign of members, not of a rehearsal.</summary>
    public async Task<string> CampaignAsync(int quota, bool schedule = true, Action<JsonObject>? change = null)
    {
        await StartAsync();
        return await _system.CampaignAsync(quota, rehearsal: false, schedule, body =>
        {
            body["name"] = new JsonObject { ["ko"] = "한여름 밤의 선착순 할인", ["en"] = "Midsummer night: first come, first served" };
            body["description"] = new JsonObject { ["ko"] = "오늘 밤, 먼저 오신 분께 드립니다.", ["en"] = "Tonight, for those who come first." };
            change?.Invoke(body);
        });
    }

    /// <summary>What an operator does by the API: <c>pause</c>, <c>resume</c>, <c>close</c>.</summary>
    public async Task OperateAsync(string campaign, string action)
    {
        var answer = await _system.SendAsync(HttpMethod.Post, $"/api/campaigns/{campaign}/{action}", await _system.TokenAsync("operator"));
        Assert.True((int)answer.Status == 200, answer.Text);
    }

    /// <summary>Sets the opening, once all that takes a machine its time has been done.</summary>
    public async Task OpensAtAsync(string campaign, DateTimeOffset opensAt)
    {
        var moved = await _system.SendAsync(HttpMethod.Patch, $"/api/campaigns/{campaign}", await _system.TokenAsync("operator"), new { opensAt = opensAt.ToString("O") }, true, ("If-Match", "*"));
        Assert.True((int)moved.Status == 200, moved.Text);
    }

    /// <summary>A campaign that opens in an hour, until <see cref="OpensAtAsync"/> says when.</summary>
    public Task<string> ComingAsync(int quota) => CampaignAsync(quota, change: body => body["opensAt"] = DateTimeOffset.UtcNow.AddHours(1).ToString("O"));

    /// <summary>Waits until so many claims of the campaign have been accepted; the numbers are told up to a second late. More are found at once, fewer within the limit.</summary>
    public Task AcceptedAsync(string campaign, int expected) => Eventually.TrueAsync(
        async () =>
        {
            var accepted = (await _system.SendAsync(HttpMethod.Get, $"/api/campaigns/{campaign}/counts", null)).Body["accepted"]!.GetValue<int>();
            Assert.InRange(accepted, 0, expected);
            return accepted == expected;
        },
        s_countsLimit, $"{expected} accepted claims are counted");

    // What signing in on the page leaves behind in a browser: the refresh token as Web's cookie, and who it is.
    private async Task<string> SessionOfAsync(Member member) => JsonSerializer.Serialize(new
    {
        cookies = new[] { new { name = "fc-session", value = await RefreshTokenAsync(member), domain = Url.Host, path = "/session", expires = -1, httpOnly = true, secure = false, sameSite = "Strict" } },
        origins = new[] { new { origin = Url.GetLeftPart(UriPartial.Authority), localStorage = new[] { new { name = "firstcome.member", value = member.Email } } } },
    });

    private async Task<string> RefreshTokenAsync(Member member)
    {
        var answer = await _system.SendAsync(HttpMethod.Post, "/api/auth/sign-in", null, new { email = member.Email, password = member.Password });
        Assert.True((int)answer.Status == 200, answer.Text);
        return answer.Body["refreshToken"]!.GetValue<string>();
    }

    /// <summary>Starts system and browser, where nobody has yet.</summary>
    public async Task StartAsync()
    {
        if (_browser is not null) { return; }
        var chromium = Needed.Program("chromium", "apt-get install chromium, or ./test --install");
        // Where it takes longer to load them anew, visitors are shown an old list; tests look for what they have just made.
        _system.System.Settings["Cache__StaleWait"] = "00:00:05";
        await _system.InitializeAsync();
        Assertions.SetDefaultExpectTimeout(TimeoutMs);
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions { ExecutablePath = chromium, Args = ["--no-sandbox", "--disable-dev-shm-usage", .. s_shared], Env = Environment.GetEnvironmentVariables().Cast<System.Collections.DictionaryEntry>().Where(each => each.Key is not ("LANG" or "LANGUAGE" or "LC_ALL")).Select(each => KeyValuePair.Create((string)each.Key, (string)each.Value!)).Append(new("LANGUAGE", "ko")).Append(new("LANG", Language)) });
    }
}

public sealed record Member(string Email, string Password, string DisplayName);

/// <summary>What a visitor's screen is like.</summary>
/// <param name="IsMoving">Whether the visitor has not asked for less motion; pictures are taken of those who have.</param>
public sealed record View(int Width, int Height, string Locale = "ko-KR", bool IsDark = false, bool IsMoving = false)
{
    public static View Phone { get; } = new(375, 740);

    public static View Desk { get; } = new(1280, 800);

    public View InEnglish => this with { Locale = "en-US" };

    public View Dark => this with { IsDark = true };
}

[CollectionDefinition(Name)]
public sealed class Browsing : ICollectionFixture<OneBrowser>
{
    public const string Name = "browser";
}
