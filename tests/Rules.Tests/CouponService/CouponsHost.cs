using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using FirstCome.Authentication;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Coupons;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using FirstCome.CouponService.Campaigns;
using FirstCome.CouponService.Coupons;
using FirstCome.CouponService.Redemptions;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.ServiceDefaults;
using FirstCome.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;
using Xunit;

namespace FirstCome.RulesTests.CouponService;

/// <summary>
/// The coupon half of the service over HTTP, on embedded engines in a folder of its own.
/// IssueService and UserService are stand-ins that answer what a test wants.
/// </summary>
public sealed class CouponsHost : IAsyncDisposable
{
    private static readonly RSA s_rsa = RSA.Create(2048);
    private static readonly SigningCredentials s_signing = new(new RsaSecurityKey(s_rsa) { KeyId = "test" }, SecurityAlgorithms.RsaSha256);
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);
    public const string ServiceKey = "a-key-of-the-tests-that-is-long-enough";

    private readonly string _folder;
    private readonly WebApplication _app;
    private readonly HttpClient _client;
    private long _sequence;

    private CouponsHost(string folder, Action<IServiceCollection> database, Action<WebApplicationBuilder>? configure)
    {
        _folder = folder;
        var builder = WebApplication.CreateBuilder(
        [
            "--Service:Url=http://127.0.0.1:0", $"--Service:Key={ServiceKey}", "--Eureka:ServerUrls=", "--ConfigServer:Urls=",
            "--Coupons:SweepInterval=00:00:00.1", "--environment=Testing",
        ]);
        builder.Services.AddSingleton<TimeProvider>(Time);
        builder.AddServiceDefaults("coupon-service");
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(Logged);
        builder.Services.AddEmbeddedLog(new EmbeddedLogOptions { File = Path.Combine(_folder, "log.db") });
        database(builder.Services);
        builder.Services.AddMigrations(typeof(FirstCome.CouponService.Program).Assembly);
        builder.AddTokenAuthentication();
        builder.AddCoupons();
        Replace(builder.Services, SigningKeys.Client, _ => JwksAnswer());
        Replace(builder.Services, DeliverReleases.Client, IssueService.Answer);
        configure?.Invoke(builder);
        _app = builder.Build();
        _app.MapServiceDefaults();
        _app.UseTokenAuthentication();
        _app.MapCoupons();
        _app.MapRedemptions();
        _app.MapInternal().MapInternalCoupons();
        _client = new HttpClient();
    }

    public ShiftedTime Time { get; } = new();

    public IssueServiceStandIn IssueService { get; } = new();

    /// <summary>Every line that was logged.</summary>
    public LogLines Logged { get; } = new();

    public Database Database => _app.Services.GetRequiredService<Database>();

    public IEventLog Log => _app.Services.GetRequiredService<IEventLog>();

    public IServiceProvider Services => _app.Services;

    public static async Task<CouponsHost> StartAsync(Action<WebApplicationBuilder>? configure = null)
    {
        var folder = Directory.CreateTempSubdirectory("firstcome-coupons-").FullName;
        var host = new CouponsHost(folder, await TestDatabases.AtAsync(Path.Combine(folder, "coupons.db")), configure);
        await host._app.StartAsync(TestContext.Current.CancellationToken);
        host._client.BaseAddress = new Uri(host._app.Urls.Single());
        await host.Log.EnsureTopicsAsync([Topics.CouponIssued], TestContext.Current.CancellationToken);
        return host;
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>A campaign as it stands while its coupons are issued; 5,000 KRW off orders of 10,000 unless said otherwise.</summary>
    public async Task<Campaign> CampaignAsync(Benefit? benefit = null, Validity? validity = null, bool rehearsal = false, bool releaseCancelled = false)
    {
        var campaign = NewCampaign(Time.GetUtcNow()) with { Rehearsal = rehearsal, ReleaseCancelled = releaseCancelled };
        campaign = campaign with { Benefit = benefit ?? campaign.Benefit, Validity = validity ?? campaign.Validity };
        await AddAsync(campaign);
        return campaign;
    }

    public Task AddAsync(Campaign campaign) => Database.WriteAsync(
        (connection, transaction, token) => CampaignRow.InsertAsync(connection, transaction, campaign, token), CancellationToken.None);

    public static Campaign NewCampaign(DateTimeOffset now) => new(
        Guid.CreateVersion7(now), 3, CampaignPhase.Active, new LocalizedText("봄 쿠폰", "Spring coupon"), new LocalizedText("", ""), 1_000, 1,
        now.AddHours(-1), now.AddHours(1), "Asia/Seoul", new Benefit(Benefit.AmountKind, new Money("KRW", 5_000), MinimumOrder: new Money("KRW", 10_000)),
        new Validity(Days: 30), [], null, false, false, 0, now, now);

    /// <summary>A message as IssueWorker sends it.</summary>
    public CouponIssued Message(Campaign campaign, Guid? member = null, long? sequence = null, int nth = 1, string? code = null)
    {
        var now = Time.GetUtcNow();
        return new CouponIssued(
            campaign.Id, member ?? Guid.CreateVersion7(), nth, sequence ?? Interlocked.Increment(ref _sequence), code ?? CouponCode.Create(), now, now);
    }

    public Task ProduceAsync(params IEnumerable<CouponIssued> messages) => ProduceRawAsync(
        messages.Select(message => (message.MemberId.ToString(), JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Default.CouponIssued))));

    public async Task ProduceRawAsync(IEnumerable<(string Key, byte[] Value)> records) =>
        await Log.ProduceAsync(Topics.CouponIssued, [.. records.Select(record => new LogRecord(record.Key, record.Value))], CancellationToken.None);

    /// <summary>Has a coupon issued, from the log to the row, and answers with its code.</summary>
    public async Task<string> IssueAsync(Campaign campaign, Guid? member = null)
    {
        var message = Message(campaign, member);
        await ProduceAsync(message);
        await EventuallyAsync(
            async () => await ScalarAsync("SELECT COUNT(*) FROM coupon WHERE code = @code", new { code = message.Code }) == 1, "the coupon is made");
        return message.Code;
    }

    public Task<long> ScalarAsync(string sql, object? parameters = null) => Database.ReadAsync(
        (connection, token) => connection.ExecuteScalarAsync<long>(new CommandDefinition(sql, parameters, cancellationToken: token)), CancellationToken.None);

    public Task ExecuteAsync(string sql, object? parameters = null) => Database.WriteAsync(
        (connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(sql, parameters, transaction, cancellationToken: token)),
        CancellationToken.None);

    /// <summary>What <c>/health</c> says of one of its checks.</summary>
    public async Task<string> HealthAsync(string check)
    {
        var checks = (await SendAsync("GET", "/health", null)).Is(200)["checks"]!.AsArray();
        return (string)checks.Single(each => (string?)each!["name"] == check)!["status"]!;
    }

    public static async Task EventuallyAsync(Func<Task<bool>> condition, string what)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (!await condition())
        {
            Assert.True(TimeProvider.System.GetElapsedTime(started) < s_limit, $"Within {s_limit}: {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>A token as UserService makes them.</summary>
    public string Token(Guid member, string? role = null, Guid? rehearsal = null, TimeSpan? age = null)
    {
        var now = Time.GetUtcNow() - (age ?? TimeSpan.Zero);
        var claims = new Dictionary<string, object>
        {
            ["sub"] = member.ToString(),
            ["iss"] = "firstcome",
            ["aud"] = "firstcome",
            ["iat"] = now.ToUnixTimeSeconds(),
            ["exp"] = now.ToUnixTimeSeconds() + 600,
            ["roles"] = role is null ? new[] { "member" } : ["member", role],
            ["grade"] = "",
            ["tags"] = Array.Empty<string>(),
            ["since"] = 0L,
        };
        if (rehearsal is { } campaign) { claims["rehearsal"] = campaign.ToString(); }
        var descriptor = new SecurityTokenDescriptor { Claims = claims, SigningCredentials = s_signing };
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(descriptor);
    }

    /// <summary>Sends a request.</summary>
    /// <param name="body">Text as it is, anything else as JSON; null for no body.</param>
    public async Task<Answer> SendAsync(string method, string path, string? token, object? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        if (token is not null) { request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token); }
        foreach (var (name, value) in headers) { request.Headers.TryAddWithoutValidation(name, value); }
        if (body is not null)
        {
            var text = body as string ?? JsonSerializer.Serialize(body);
            request.Content = new StringContent(text, Encoding.UTF8, "application/json");
        }
        using var response = await _client.SendAsync(request, TestContext.Current.CancellationToken);
        var content = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new Answer(
            response.StatusCode, response.Headers.ETag?.Tag, response.Headers.Location?.ToString(), response.Content.Headers.ContentType?.MediaType, content);
    }

    public Task<Answer> RedeemAsync(string merchant, string code, string order, long minor, string key, string currency = "KRW")
    {
        var body = new { orderId = order, orderAmount = new { currency, minor } };
        return SendAsync("POST", $"/api/coupons/{code}/redemptions", merchant, body, ("Idempotency-Key", key));
    }

    /// <summary>Asks what only services may ask.</summary>
    public Task<Answer> AskAsync(string path) => SendAsync("GET", path, null, null, (InternalApi.ServiceKeyHeader, ServiceKey));

    private static void Replace(IServiceCollection services, string client, Func<HttpRequestMessage, HttpResponseMessage> answer) =>
        services.PostConfigure<HttpClientFactoryOptions>(client, options => options.HttpMessageHandlerBuilderActions.Add(handlers =>
        {
            handlers.AdditionalHandlers.Clear();
            handlers.PrimaryHandler = new StandInHandler(answer);
        }));

    private static HttpResponseMessage JwksAnswer()
    {
        var key = s_rsa.ExportParameters(false);
        var (n, e) = (Base64UrlEncoder.Encode(key.Modulus), Base64UrlEncoder.Encode(key.Exponent));
        var jwk = new { kty = "RSA", kid = "test", use = "sig", alg = "RS256", n, e };
        return new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(JsonSerializer.Serialize(new { keys = new[] { jwk } })) };
    }

    private sealed class StandInHandler(Func<HttpRequestMessage, HttpResponseMessage> answer) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(answer(request));
    }
}

/// <summary>What a request was answered.</summary>
public sealed record Answer(HttpStatusCode Status, string? ETag, string? Location, string? MediaType, string Text)
{
    public JsonNode Json => JsonNode.Parse(Text) ?? throw new InvalidOperationException("The answer is null.");

    /// <summary>The slug of a problem.</summary>
    public string Problem
    {
        get
        {
            Assert.Equal("application/problem+json", MediaType);
            Assert.Equal((int)Status, (int)Json["status"]!);
            Assert.NotEmpty((string?)Json["detail"] ?? "");
            Assert.NotEmpty((string?)Json["traceId"] ?? "");
            return ((string)Json["type"]!)["/problems/".Length..];
        }
    }

    /// <summary>Asserts a problem and answers with it.</summary>
    public JsonNode Is(int status, string slug)
    {
        Assert.True((int)Status == status, $"{status} {slug} expected, but it is {(int)Status}: {Text}");
        Assert.Equal(slug, Problem);
        return Json;
    }

    /// <summary>Asserts success and answers with the body.</summary>
    public JsonNode Is(int status)
    {
        Assert.True((int)Status == status, $"{status} expected, but it is {(int)Status}: {Text}");
        return Json;
    }
}

/// <summary>The system's clock, moved by as much as a test says; timers run as always.</summary>
public sealed class ShiftedTime : TimeProvider
{
    private long _shiftTicks;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _shiftTicks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow().AddTicks(Interlocked.Read(ref _shiftTicks));
}

/// <summary>Takes orders for releases and answers what a test wants.</summary>
public sealed class IssueServiceStandIn
{
    private volatile HttpStatusCode _status = HttpStatusCode.NoContent;
    private volatile bool _away;

    /// <summary>The orders that came: campaign and sequence, and whether the service key was with them.</summary>
    public ConcurrentQueue<(string Path, long Sequence, bool HasKey)> Orders { get; } = new();

    public HttpStatusCode Status { get => _status; set => _status = value; }

    public bool Away { get => _away; set => _away = value; }

    internal HttpResponseMessage Answer(HttpRequestMessage request)
    {
        using var body = JsonDocument.Parse(request.Content!.ReadAsStream());
        var hasKey = request.Headers.TryGetValues(InternalApi.ServiceKeyHeader, out var keys) && keys.SequenceEqual([CouponsHost.ServiceKey]);
        Orders.Enqueue(($"{request.Method} {request.RequestUri!.AbsolutePath}", body.RootElement.GetProperty("sequence").GetInt64(), hasKey));
        return _away ? throw new HttpRequestException("No connection.") : new HttpResponseMessage(_status);
    }
}

/// <summary>Keeps what is logged.</summary>
public sealed class LogLines : ILoggerProvider
{
    public ConcurrentQueue<string> Lines { get; } = new();

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose() { }

    private sealed class Logger(LogLines owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;
        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;
        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            owner.Lines.Enqueue($"{logLevel} {formatter(state, exception)} {exception}");
    }
}
