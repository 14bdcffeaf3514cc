using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Dapper;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FirstCome.RulesTests.UserService;

/// <summary>
/// The whole service over HTTP on a port of its own, with SQLite and the embedded log in a temporary folder, a clock that the test moves, and a coupon-service
/// that the test plays.
/// </summary>
internal sealed class RunningUserService : IAsyncDisposable
{
    public const string AdminEmail = "admin@example.com", OperatorEmail = "operator@example.com", Password = "tree-river-9";
    private const string ServiceKey = "a-key-of-thirty-two-characters-or-more";

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(5);

    private readonly DirectoryInfo _folder;
    private readonly bool _ownsFolder;
    private readonly WebApplication _app;
    private readonly EmbeddedLog _log;
    private readonly MeterListener _meters = new();
    private int _computed;

    private RunningUserService(DirectoryInfo folder, bool ownsFolder, FakeTimeProvider time, EmbeddedLog log, CapturedLogs logs, WebApplication app)
    {
        (_folder, _ownsFolder, Time, _log, Logs, _app) = (folder, ownsFolder, time, log, logs, app);
        Http = new HttpClient { BaseAddress = new Uri(app.Urls.Single()), Timeout = TimeSpan.FromSeconds(30) };
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Name == "firstcome.passwords.computed") { listener.EnableMeasurementEvents(instrument); }
        };
        var mine = app.Services.GetRequiredService<IMeterFactory>();
        _meters.SetMeasurementEventCallback<long>((instrument, _, _, _) => { if (instrument.Meter.Scope == mine) { Interlocked.Increment(ref _computed); } });
        _meters.Start();
    }

    public HttpClient Http { get; }
    public FakeTimeProvider Time { get; }
    public CapturedLogs Logs { get; }
    public FakeCouponService CouponService => _app.Services.GetRequiredService<FakeCouponService>();
    public Database Database => _app.Services.GetRequiredService<Database>();
    public T Get<T>() where T : notnull => _app.Services.GetRequiredService<T>();
    public string KeysFolder => Path.Combine(_folder.FullName, "keys");

    /// <summary>How many password hashes were computed since the start.</summary>
    public int Computed => Volatile.Read(ref _computed);

    /// <param name="beside">Another instance, whose keys and clock this one shares.</param>
    public static async Task<RunningUserService> StartAsync(RunningUserService? beside = null, params string[] settings)
    {
        var folder = beside?._folder ?? Directory.CreateTempSubdirectory("firstcome-users-");
        var time = beside?.Time ?? new FakeTimeProvider(TimeProvider.System.GetUtcNow());
        var name = Guid.NewGuid().ToString("N");
        var accounts = await WriteAccountsAsync(folder, name);
        var log = new EmbeddedLog(new EmbeddedLogOptions { File = Path.Combine(folder.FullName, $"{name}-log.db") }, TimeProvider.System,
            NullLogger<EmbeddedLog>.Instance);
        string[] own =
        [
            "--Service:Url=http://127.0.0.1:0", $"--Service:Key={ServiceKey}", "--Eureka:ServerUrls=", "--ConfigServer:Urls=", "--Passwords:Iterations=1000",
            $"--Keys:Folder={Path.Combine(folder.FullName, "keys")}", $"--Bootstrap:AccountsFile={accounts}",
        ];
        var database = await TestDatabases.AtAsync(Path.Combine(folder.FullName, $"{name}-users.db"));
        var app = FirstCome.UserService.Program.Create([.. own, .. settings], builder =>
        {
            builder.Services.AddSingleton<TimeProvider>(time);
            builder.Services.AddSingleton<IEventLog>(log);
            database(builder.Services);
            builder.Services.AddSingleton<FakeCouponService>();
            builder.Services.AddHttpClient("coupon-service").AddHttpMessageHandler(services =>
                new FakeCouponService.Handler(services.GetRequiredService<FakeCouponService>()));
        });
        var logs = new CapturedLogs();
        app.Services.GetRequiredService<ILoggerFactory>().AddProvider(logs);
        await app.StartAsync();
        return new RunningUserService(folder, beside is null, time, log, logs, app);
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object? body = null, string? token = null, string? ifMatch = null,
        string? forwardedFor = null)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is string text) { request.Content = new StringContent(text, Encoding.UTF8, "application/json"); }
        else if (body is not null) { request.Content = JsonContent.Create(body); }
        if (token is not null) { request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token); }
        if (ifMatch is not null) { request.Headers.TryAddWithoutValidation("If-Match", ifMatch); }
        if (forwardedFor is not null) { request.Headers.Add("X-Forwarded-For", forwardedFor); }
        return await Http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    /// <summary>As <see cref="SendAsync"/>: the body, after the status was checked; an empty object where there is none.</summary>
    public async Task<JsonObject> AskAsync(HttpStatusCode expected, HttpMethod method, string path, object? body = null, string? token = null,
        string? ifMatch = null)
    {
        using var response = await SendAsync(method, path, body, token, ifMatch);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(response.StatusCode == expected, $"{method} {path}: {(int)response.StatusCode}, expected {(int)expected}: {text}");
        if (text.Length == 0) { return []; }
        var json = JsonNode.Parse(text)!.AsObject();
        if ((int)expected >= 400)
        {
            Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
            Assert.StartsWith("/problems/", (string?)json["type"], StringComparison.Ordinal);
            Assert.Equal((int)expected, (int?)json["status"]);
        }
        if ((int)expected is 429 or 503) { Assert.True(response.Headers.RetryAfter?.Delta > TimeSpan.Zero); }
        return json;
    }

    public Task<JsonObject> SignUpAsync(string email, string password = Password) =>
        AskAsync(HttpStatusCode.Created, HttpMethod.Post, "/api/users", new { email, password, displayName = "Kim", locale = "ko" });

    public Task<JsonObject> TrySignInAsync(HttpStatusCode expected, string email, string password = Password) =>
        AskAsync(expected, HttpMethod.Post, "/api/auth/sign-in", new { email, password });

    public async Task<(string Access, string Refresh)> SignInAsync(string email, string password = Password)
    {
        var tokens = await TrySignInAsync(HttpStatusCode.OK, email, password);
        return ((string)tokens["accessToken"]!, (string)tokens["refreshToken"]!);
    }

    public Task<JsonObject> RefreshAsync(HttpStatusCode expected, string refreshToken) =>
        AskAsync(expected, HttpMethod.Post, "/api/auth/refresh", new { refreshToken });

    /// <summary>The entity tag of a user, as an admin sees it.</summary>
    public async Task<string> TagAsync(string id, string admin)
    {
        using var response = await SendAsync(HttpMethod.Get, $"/api/users/{id}", token: admin);
        return response.EnsureSuccessStatusCode().Headers.ETag!.Tag;
    }

    public async Task<ResolvedMembers> ResolveAsync(ResolveMembers ask)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/internal/users/resolve") { Content = JsonContent.Create(ask) };
        request.Headers.Add(InternalApi.ServiceKeyHeader, ServiceKey);
        using var response = await Http.SendAsync(request, TestContext.Current.CancellationToken);
        return (await response.EnsureSuccessStatusCode().Content.ReadFromJsonAsync<ResolvedMembers>(TestContext.Current.CancellationToken))!;
    }

    public Task<T?> ScalarAsync<T>(string sql, object? parameters = null) =>
        Database.ReadAsync((connection, token) =>
            connection.ExecuteScalarAsync<T>(new CommandDefinition(sql, parameters, cancellationToken: token)), TestContext.Current.CancellationToken);

    /// <summary>Every row of every table as text.</summary>
    public async Task<string> DumpAsync() => await Database.ReadAsync(async (connection, token) =>
    {
        var text = new StringBuilder();
        var tables = TestDatabases.AreFiles ? "SELECT name FROM sqlite_master WHERE type = 'table'" : "SELECT table_name FROM information_schema.tables WHERE table_schema = DATABASE()";
        foreach (var table in (await connection.QueryAsync<string>(tables)).AsList())
        {
            await using var reader = await connection.ExecuteReaderAsync($"SELECT * FROM {table}");
            while (await reader.ReadAsync(token))
            {
                for (var i = 0; i < reader.FieldCount; i++)
                {
                    text.Append(reader.GetValue(i) is byte[] bytes ? Convert.ToHexStringLower(bytes) : reader.GetValue(i)).Append('|');
                }
                text.AppendLine();
            }
        }
        return text.ToString();
    }, TestContext.Current.CancellationToken);

    /// <summary>The newest standing of a member that the log has, as soon as one satisfies the condition; within five seconds.</summary>
    public async Task<MemberChanged> PublishedAsync(string id, Func<MemberChanged, bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(s_limit);
        await using var reader = _log.Subscribe(new LogSubscription(Topics.MemberChanged, null, new LogStart.Since(DateTimeOffset.UnixEpoch)));
        while (true)
        {
            foreach (var record in await reader.ReadAsync(100, TimeSpan.FromMilliseconds(100), limit.Token))
            {
                var change = JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.MemberChanged)!;
                Assert.Equal(change.MemberId.ToString(), record.Key);
                if (change.MemberId.ToString() == id && condition(change)) { return change; }
            }
        }
    }

    /// <summary>Asks until the status comes, within five seconds.</summary>
    public async Task EventuallyAsync(HttpStatusCode expected, HttpMethod method, string path, string token)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(s_limit);
        while (true)
        {
            using var response = await SendAsync(method, path, token: token);
            if (response.StatusCode == expected) { return; }
            await Task.Delay(20, limit.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        _meters.Dispose();
        await _app.StopAsync(CancellationToken.None);
        await _app.DisposeAsync();
        await _log.DisposeAsync();
        if (_ownsFolder) { _folder.Delete(recursive: true); }
    }

    private static async Task<string> WriteAccountsAsync(DirectoryInfo folder, string name)
    {
        var file = Path.Combine(folder.FullName, $"{name}-accounts.json");
        await File.WriteAllTextAsync(file, $$"""
            [{"role":"admin","email":"{{AdminEmail}}","password":"{{Password}}"},{"role":"operator","email":"{{OperatorEmail}}","password":"{{Password}}"}]
            """);
        if (!OperatingSystem.IsWindows()) { File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite); }
        return file;
    }
}

/// <summary>What coupon-service answers to <c>GET /internal/campaigns/{id}</c>.</summary>
internal sealed class FakeCouponService
{
    public Dictionary<Guid, Campaign> Campaigns { get; } = [];
    public bool Away { get; set; }

    public Campaign Add(bool rehearsal, CampaignPhase phase)
    {
        var now = DateTimeOffset.UnixEpoch;
        var text = new LocalizedText("이름", "name");
        var campaign = new Campaign(
            Guid.CreateVersion7(), 1, phase, text, text, 100, 1, now, now.AddDays(1), "Asia/Seoul", new Benefit(Benefit.FreeShippingKind),
            new Validity(Days: 7), [], null, rehearsal, false, 0, now, now);
        Campaigns[campaign.Id] = campaign;
        return campaign;
    }

    internal sealed class Handler(FakeCouponService service) : DelegatingHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            if (service.Away) { throw new HttpRequestException("away"); }
            if (!service.Campaigns.TryGetValue(Guid.Parse(request.RequestUri!.Segments[^1]), out var campaign))
            {
                return Task.FromResult(new HttpResponseMessage(HttpStatusCode.NotFound));
            }
            var json = JsonSerializer.Serialize(campaign, MessageJson.Default.Campaign);
            return Task.FromResult(new HttpResponseMessage(HttpStatusCode.OK) { Content = new StringContent(json, Encoding.UTF8, "application/json") });
        }
    }
}

/// <summary>Everything that was logged, to see that no secret is among it.</summary>
internal sealed class CapturedLogs : ILoggerProvider
{
    private readonly StringBuilder _text = new();

    public override string ToString()
    {
        lock (_text) { return _text.ToString(); }
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose() { }

    private sealed class Logger(CapturedLogs owner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (owner._text) { owner._text.AppendLine(formatter(state, exception)).AppendLine(exception?.ToString()); }
        }
    }
}
