using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using FirstCome.CouponService.Audience;
using FirstCome.CouponService.Campaigns.Changes;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>The service over HTTP on embedded engines in a folder of its own, with <see cref="CampaignsPeers"/> for the other services. It can be stopped and started again on the same data.</summary>
public sealed class CampaignsHost : IAsyncDisposable
{
    public const string ServiceKey = "a-key-of-the-tests-that-is-long-enough";
    private static readonly RSA s_rsa = RSA.Create(2048);
    private static readonly SigningCredentials s_signing = new(new RsaSecurityKey(s_rsa) { KeyId = "test" }, SecurityAlgorithms.RsaSha256);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly string _folder = Directory.CreateTempSubdirectory("firstcome-campaigns-").FullName;
    private readonly string[] _settings;
    private readonly HttpClient _client = new() { Timeout = TimeSpan.FromSeconds(60) };
    private readonly List<WebApplication> _dead = [];
    private WebApplication? _app;

    private CampaignsHost(string[] settings) => _settings = settings;

    public ClockOfTests Clock { get; } = new();

    public CampaignsPeers Peers { get; } = new();

    public Guid Operator { get; } = Guid.CreateVersion7();

    public Database Database => _app!.Services.GetRequiredService<Database>();

    internal UploadSlots UploadSlots => _app!.Services.GetRequiredService<UploadSlots>();

    public LogOfTests Log => (LogOfTests)_app!.Services.GetRequiredService<IEventLog>();

    public string OperatorToken => Token(Operator, "operator");

    public static async Task<CampaignsHost> StartAsync(params string[] settings)
    {
        var host = new CampaignsHost(settings);
        await host.Peers.StartAsync(Jwks());
        await host.RunAsync();
        return host;
    }

    /// <summary>Starts the service, on the data that are there.</summary>
    public async Task RunAsync()
    {
        var database = await TestDatabases.AtAsync(Path.Combine(_folder, "coupons.db"));
        _app = FirstCome.CouponService.Program.Create(
            ["--Service:Url=http://127.0.0.1:0", $"--Service:Key={ServiceKey}", "--Eureka:ServerUrls=", "--ConfigServer:Urls=", "--Campaigns:SweepInterval=00:00:00.050", "--environment=Testing", .. _settings],
            builder => Engines(builder, database));
        await _app.StartAsync(TestContext.Current.CancellationToken);
        Url = new Uri(_app.Urls.Single());
    }

    public Uri Url { get; private set; } = new("http://127.0.0.1");

    /// <summary>Stops the service in order.</summary>
    public async Task StopAsync()
    {
        await _app!.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>
    /// Ends the service as if its process died: connections break, sweeps stop, and what is under way is not waited for. What it may still do is what a process does that was thought dead.
    /// It is disposed with the host.
    /// </summary>
    public async Task KillAsync()
    {
        _dead.Add(_app!);
        await _app!.StopAsync(new CancellationToken(canceled: true)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _app = null;
    }

    public async ValueTask DisposeAsync()
    {
        if (_app is not null) { await StopAsync(); }
        await Peers.DisposeAsync();
        foreach (var app in _dead) { await app.DisposeAsync(); }
        _client.Dispose();
        // What a killed service had under way ends by itself, and may make a file until then.
        await EventuallyAsync(() => Task.FromResult(TryDelete(_folder)), "the folder is deleted");
    }

    /// <summary>Sends a request as the operator.</summary>
    public Task<CampaignsAnswer> SendAsync(string method, string path, object? body = null, string? ifMatch = null) =>
        SendAsync(method, path, OperatorToken, body switch { null => null, string text => Json(text), HttpContent content => content, _ => Json(JsonSerializer.Serialize(body)) }, ("If-Match", ifMatch));

    public async Task<CampaignsAnswer> SendAsync(string method, string path, string? token, HttpContent? content, params (string Name, string? Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(Url, path)) { Content = content };
        // As curl does: what is too long is refused before it is sent.
        request.Headers.ExpectContinue = content?.Headers.ContentLength > 1024 * 1024;
        if (token is not null) { request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token); }
        foreach (var (name, value) in headers)
        {
            if (value is not null) { request.Headers.TryAddWithoutValidation(name, value); }
        }
        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        return new CampaignsAnswer(
            response.StatusCode, response.Headers.ETag?.Tag, response.Headers.Location?.ToString(), response.Headers.RetryAfter?.Delta, response.Content.Headers.ContentType?.MediaType,
            await response.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    public Task<CampaignsAnswer> InternalAsync(string path) => SendAsync("GET", path, null, null, (InternalApi.ServiceKeyHeader, ServiceKey));

    public static HttpContent Json(string text) => new StringContent(text, Encoding.UTF8, "application/json");

    public static HttpContent Csv(string text) => new StringContent(text, Encoding.UTF8, "text/csv");

    /// <summary>Makes a draft with a window that has begun and answers with its id.</summary>
    public async Task<Guid> CreateAsync(Action<JsonObject>? change = null)
    {
        var json = CampaignsInputs.Valid(Clock.GetUtcNow());
        change?.Invoke(json);
        return (Guid)(await SendAsync("POST", "/api/campaigns", json)).Is(201)["id"]!;
    }

    /// <summary>Makes a campaign that is open.</summary>
    public async Task<Guid> OpenAsync(Action<JsonObject>? change = null)
    {
        var id = await CreateAsync(change);
        Assert.Equal("open", (string?)(await SendAsync("POST", $"/api/campaigns/{id}/schedule")).Is(200)["state"]);
        return id;
    }

    /// <summary>The campaign as it stands.</summary>
    public async Task<Campaign> StandingAsync(Guid id) => JsonSerializer.Deserialize((await InternalAsync($"/internal/campaigns/{id}")).Body, MessageJson.Default.Campaign)!;

    /// <summary>The history, oldest first: version and action.</summary>
    public async Task<string> HistoryAsync(Guid id) => string.Join(
        ' ', (await SendAsync("GET", $"/api/campaigns/{id}/history?limit=200")).Is(200)["items"]!.AsArray().Reverse().Select(entry => $"{entry!["version"]}:{entry["action"]}"));

    /// <summary>What was published of a campaign so far, in order.</summary>
    public async Task<IReadOnlyList<int>> PublishedAsync(Guid id)
    {
        await using var reader = Log.Subscribe(new LogSubscription(Topics.CampaignChanged, null, new LogStart.Since(DateTimeOffset.UnixEpoch)));
        var records = await reader.ReadAsync(1_000, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        return [.. records.Where(record => record.Key == id.ToString()).Select(record => JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.CampaignChanged)!.Campaign.Version)];
    }

    public Task<long> CountAsync(string table) => Database.ReadAsync((connection, _) => connection.ExecuteScalarAsync<long>($"SELECT COUNT(*) FROM {table}"), TestContext.Current.CancellationToken);

    public static async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < s_limit, $"Within {s_limit}: {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    public string Token(Guid member, params string[] roles)
    {
        var now = Clock.GetUtcNow().ToUnixTimeSeconds();
        var claims = new { sub = member, iss = "firstcome", aud = "firstcome", iat = now, exp = now + 600, roles = (string[])["member", .. roles], grade = "", tags = Array.Empty<string>(), since = 0 };
        return new JsonWebTokenHandler().CreateToken(JsonSerializer.Serialize(claims), s_signing);
    }

    private void Engines(WebApplicationBuilder builder, Action<IServiceCollection> database)
    {
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton<TimeProvider>(Clock);
        builder.Services.AddSingleton<IEventLog>(provider =>
            new LogOfTests(new EmbeddedLog(new EmbeddedLogOptions { File = Path.Combine(_folder, $"log-{_dead.Count}.db") }, Clock, provider.GetRequiredService<ILogger<EmbeddedLog>>())));
        database(builder.Services);
        foreach (var client in (string[])[SigningKeys.Client, IssueGate.Client, MemberLookup.Client])
        {
            builder.Services.PostConfigure<HttpClientFactoryOptions>(client, options => options.HttpMessageHandlerBuilderActions.Add(handlers =>
            {
                handlers.AdditionalHandlers.Clear();
                handlers.AdditionalHandlers.Add(new ToPeers(Peers));
            }));
        }
    }

    private static bool TryDelete(string folder)
    {
        try
        {
            Directory.Delete(folder, recursive: true);
            return true;
        }
        catch (IOException) { return !Directory.Exists(folder); }
    }

    private static string Jwks()
    {
        var key = s_rsa.ExportParameters(false);
        return JsonSerializer.Serialize(new { keys = new[] { new { kty = "RSA", kid = "test", use = "sig", alg = "RS256", n = Base64UrlEncoder.Encode(key.Modulus), e = Base64UrlEncoder.Encode(key.Exponent) } } });
    }

    private sealed class ToPeers(CampaignsPeers peers) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            request.RequestUri = new Uri(peers.Url, request.RequestUri!.PathAndQuery);
            return base.SendAsync(request, cancellationToken);
        }
    }
}

/// <summary>What a request was answered.</summary>
public sealed record CampaignsAnswer(HttpStatusCode Status, string? ETag, string? Location, TimeSpan? RetryAfter, string? MediaType, byte[] Body)
{
    public string Text => Encoding.UTF8.GetString(Body);

    /// <summary>Asserts success and answers with the body.</summary>
    public JsonNode Is(int status)
    {
        Assert.True((int)Status == status, $"{status} expected, but it is {(int)Status}: {Text}");
        return JsonNode.Parse(Text)!;
    }

    /// <summary>Asserts a problem, as every problem has to be, and answers with it.</summary>
    public JsonNode Is(int status, string slug)
    {
        var problem = Is(status);
        Assert.Equal(("application/problem+json", $"/problems/{slug}", status), (MediaType, (string?)problem["type"], (int)problem["status"]!));
        Assert.NotEmpty((string?)problem["detail"] ?? "");
        Assert.NotEmpty((string?)problem["traceId"] ?? "");
        Assert.Equal(status is 503 or 429, RetryAfter is not null);
        return problem;
    }

    /// <summary>Asserts 400 <c>invalid-request</c> and answers with the fields that it names.</summary>
    public IEnumerable<string> Fields => Is(400, "invalid-request")["errors"]!.AsObject().Select(member => member.Key);
}

/// <summary>The system's clock, moved by as much as a test says; timers run as always.</summary>
public sealed class ClockOfTests : TimeProvider
{
    private long _shiftTicks;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _shiftTicks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _shiftTicks));
}

/// <summary>The embedded log, which a test can take away.</summary>
public sealed class LogOfTests(EmbeddedLog log) : IEventLog, IAsyncDisposable
{
    private volatile bool _isAway;

    public bool IsAway { get => _isAway; set => _isAway = value; }

    public Task EnsureTopicsAsync(IReadOnlyList<Topic> topics, CancellationToken cancellationToken) => log.EnsureTopicsAsync(topics, cancellationToken);

    public Task<IReadOnlyList<LogPosition>> ProduceAsync(Topic topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken) =>
        _isAway ? throw new LogUnavailableException("A test took the log away.") : log.ProduceAsync(topic, records, cancellationToken);

    public Task<IReadOnlyList<long>> EndOffsetsAsync(Topic topic, CancellationToken cancellationToken) => log.EndOffsetsAsync(topic, cancellationToken);

    public Task<IReadOnlyList<long>> StartOffsetsAsync(Topic topic, CancellationToken cancellationToken) => log.StartOffsetsAsync(topic, cancellationToken);

    public ILogReader Subscribe(LogSubscription subscription) => log.Subscribe(subscription);

    public ValueTask DisposeAsync() => log.DisposeAsync();
}
