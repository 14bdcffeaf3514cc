using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Standalone;
using Xunit;

namespace FirstCome.SystemTests;

/// <summary>One whole system for the tests of a collection: a process of its own with its data in a temporary folder, used over HTTP at the gateway as anybody would.</summary>
public sealed class RunningSystem : IAsyncLifetime
{
    // Tokens are good for ten minutes.
    private static readonly TimeSpan s_tokenUse = TimeSpan.FromMinutes(4);

    private readonly StandaloneSystem _system = new();
    private readonly Dictionary<string, (string Token, DateTimeOffset GoodUntil)> _tokens = [];
    private HttpClient? _http;

    public HttpClient Http => _http ?? throw new InvalidOperationException("The system does not run.");

    public string Data => _system.Data;

    internal StandaloneSystem System => _system;

    public async ValueTask InitializeAsync()
    {
        await _system.StartAsync(CancellationToken.None);
        _http = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false }) { BaseAddress = _system.Url, Timeout = TimeSpan.FromSeconds(30) };
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        await _system.DisposeAsync();
    }

    /// <summary>SIGKILL, and the same data again.</summary>
    public async Task KillAndStartAsync(CancellationToken cancellationToken)
    {
        await _system.KillAsync(cancellationToken);
        await _system.StartAsync(cancellationToken);
    }

    /// <summary>The demo account's access token, signed in again before it ends.</summary>
    public async Task<string> TokenAsync(string role)
    {
        if (_tokens.TryGetValue(role, out var kept) && DateTimeOffset.UtcNow < kept.GoodUntil) { return kept.Token; }
        var (email, password) = StandaloneSystem.DemoAccount(Data, role) ?? throw new InvalidOperationException($"There is no demo account {role}.");
        var goodUntil = DateTimeOffset.UtcNow + s_tokenUse;
        var token = await SignInAsync(email, password);
        _tokens[role] = (token, goodUntil);
        return token;
    }

    public async Task<string> SignInAsync(string email, string password)
    {
        var answer = await SendAsync(HttpMethod.Post, "/api/auth/sign-in", null, new { email, password });
        Assert.Equal(HttpStatusCode.OK, answer.Status);
        return answer.Body["accessToken"]!.GetValue<string>();
    }

    /// <summary>Sends a request; 503 and 429 are asked again for a while where <paramref name="patient"/>, as clients do.</summary>
    public async Task<Answer> SendAsync(HttpMethod method, string path, string? token, object? body = null, bool patient = true, params (string Name, string Value)[] headers)
    {
        for (var attempt = 0; ; attempt++)
        {
            using var request = new HttpRequestMessage(method, path);
            if (token is not null) { request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token); }
            foreach (var (name, value) in headers) { request.Headers.TryAddWithoutValidation(name, value); }
            if (body is HttpContent content) { request.Content = content; } else if (body is not null) { request.Content = JsonContent.Create(body); }
            using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
            if (patient && attempt < 60 && response.StatusCode is HttpStatusCode.ServiceUnavailable or HttpStatusCode.TooManyRequests && body is not HttpContent)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(250), TestContext.Current.CancellationToken);
                continue;
            }
            var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            return new Answer(response.StatusCode, text, response.Headers.ETag?.Tag, response.Content.Headers.ContentType?.MediaType);
        }
    }

    /// <summary>A campaign that is open now (or drafted, with <paramref name="schedule"/> false); answers its id.</summary>
    public async Task<string> CampaignAsync(int quota, bool rehearsal = true, bool schedule = true, Action<JsonObject>? change = null)
    {
        var now = DateTimeOffset.UtcNow;
        var body = new JsonObject
        {
            ["name"] = new JsonObject { ["ko"] = "시험", ["en"] = "A test" },
            ["description"] = new JsonObject { ["ko"] = "", ["en"] = "" },
            ["quota"] = quota,
            ["perMember"] = 1,
            ["opensAt"] = now.AddMinutes(-1).ToString("O"),
            ["closesAt"] = now.AddHours(2).ToString("O"),
            ["timeZone"] = "Asia/Seoul",
            ["benefit"] = new JsonObject { ["kind"] = "amount", ["amount"] = new JsonObject { ["currency"] = "KRW", ["minor"] = 5000 } },
            ["validity"] = new JsonObject { ["days"] = 1 },
            ["audience"] = new JsonArray(),
            ["rehearsal"] = rehearsal,
            ["releaseCancelled"] = false,
        };
        change?.Invoke(body);
        var operatorToken = await TokenAsync("operator");
        var created = await SendAsync(HttpMethod.Post, "/api/campaigns", operatorToken, body);
        Assert.True(created.Status == HttpStatusCode.Created, created.Text);
        var id = created.Body["id"]!.GetValue<string>();
        if (schedule)
        {
            var scheduled = await SendAsync(HttpMethod.Post, $"/api/campaigns/{id}/schedule", operatorToken);
            Assert.True(scheduled.Status == HttpStatusCode.OK, scheduled.Text);
        }
        return id;
    }

    /// <summary>Tokens of synthetic members of a rehearsal campaign.</summary>
    public async Task<IReadOnlyList<(Guid Id, string Token)>> MembersAsync(string campaign, int count)
    {
        var answer = await SendAsync(HttpMethod.Post, $"/api/rehearsals/{campaign}/members", await TokenAsync("operator"), new { count });
        Assert.True(answer.Status == HttpStatusCode.OK, answer.Text);
        return [.. answer.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<SyntheticMember>(line, JsonSerializerOptions.Web)!).Select(member => (member.MemberId, member.AccessToken))];
    }

    public Task<Answer> ClaimAsync(string campaign, string token, string? key = null) =>
        SendAsync(HttpMethod.Post, $"/api/campaigns/{campaign}/claims", token, null, true, key is null ? [] : [("Idempotency-Key", key)]);
}

/// <summary>An answer, read whole.</summary>
public sealed record Answer(HttpStatusCode Status, string Text, string? ETag, string? MediaType)
{
    public JsonNode Body => JsonNode.Parse(Text) ?? throw new InvalidOperationException("The answer has no body.");

    /// <summary>The slug of a problem's type.</summary>
    public string? Problem => MediaType == "application/problem+json" ? Body["type"]?.GetValue<string>().Split('/')[^1] : null;

    public long Sequence => Body["sequence"]!.GetValue<long>();
}

/// <summary>The tests that share one running system.</summary>
[CollectionDefinition(Name)]
public sealed class OneSystem : ICollectionFixture<RunningSystem>
{
    public const string Name = "system";
}
