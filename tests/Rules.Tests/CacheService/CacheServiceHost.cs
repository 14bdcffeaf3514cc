using System.Net.Http.Headers;
using System.Text.Json;
using FirstCome.CacheService.Metrics;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.Eureka;
using FirstCome.Eureka.Wire;
using FirstCome.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

/// <summary>One Redis for all tests of this service: the embedded engine.</summary>
public sealed class SharedRedis : IAsyncLifetime
{
    private GarnetServer? _server;

    public IConnectionMultiplexer Connection { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _server = new GarnetServer("64m");
        Connection = await _server.ConnectAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Connection.DisposeAsync();
        _server?.Dispose();
    }
}

/// <summary>The whole service over real HTTP, on the embedded engines, with a clock that the test moves.</summary>
internal sealed class CacheServiceHost : IAsyncDisposable
{
    private static readonly string[] s_peers = ["coupon-service", "issue-service", "user-service"];
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    private readonly TemporaryFolder _folder;
    private readonly WebApplication _app;

    private CacheServiceHost(Peers peers, WebApplication app, FakeTimeProvider clock, TemporaryFolder folder)
    {
        (Peers, _app, Clock, _folder) = (peers, app, clock, folder);
        Log = app.Services.GetRequiredService<IEventLog>();
    }

    public static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public Peers Peers { get; }
    public FakeTimeProvider Clock { get; }
    public IEventLog Log { get; }
    public HttpClient Client { get; private set; } = null!;
    public IServiceProvider Services => _app.Services;
    public DateTimeOffset Now => Clock.GetUtcNow();

    public static async Task<CacheServiceHost> StartAsync(IConnectionMultiplexer redis, Peers? peers = null, params string[] settings)
    {
        peers ??= await Peers.StartAsync();
        var clock = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var folder = new TemporaryFolder();
        string[] args =
        [
            "--Service:Url=http://127.0.0.1:0", $"--Service:Key={Peers.ServiceKey}", "--Service:DrainTimeout=00:00:05", "--Eureka:ServerUrls=", "--ConfigServer:Urls=", "--Logging:LogLevel:Default=Critical",
            .. settings.Select(setting => "--" + setting),
        ];
        var app = FirstCome.CacheService.Program.Create(args, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Services.AddSingleton<TimeProvider>(clock);
            builder.Services.AddSingleton(redis);
            builder.Services.AddEmbeddedLog(new EmbeddedLogOptions { File = folder.File("log.db") });
        });
        var host = new CacheServiceHost(peers, app, clock, folder);
        app.Services.GetRequiredService<EurekaRegistry>().Replace(new Applications("1", "", [.. s_peers.Select(host.Instance)]));
        await host.WhileTimePassesAsync(app.StartAsync(Cancellation));
        host.Client = new HttpClient(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new Uri(app.Urls.Single()), Timeout = s_limit };
        return host;
    }

    /// <summary>A campaign that is open from a minute ago for an hour, known to CouponService, with numbers at IssueService.</summary>
    public Campaign Open(Func<Campaign, Campaign>? change = null)
    {
        var campaign = new Campaign(
            Guid.CreateVersion7(), 1, CampaignPhase.Active, new("여름 쿠폰", "Summer coupon"), new("설명", "Description"), 100, 1, Now.AddMinutes(-1), Now.AddHours(1), "Asia/Seoul",
            new Benefit(Benefit.AmountKind, new Money("KRW", 5_000)), new Validity(Days: 7), [], null, Rehearsal: false, ReleaseCancelled: true, 0, Now, Now);
        campaign = change?.Invoke(campaign) ?? campaign;
        Peers.Campaigns[campaign.Id] = campaign;
        Peers.Counts[campaign.Id] = new(0, 0, 0, Now);
        return campaign;
    }

    public string Token(Guid? member = null, string[]? roles = null, Guid? rehearsal = null) => Peers.Token(member ?? Guid.CreateVersion7(), Now, roles, rehearsal);

    public string OperatorToken() => Token(roles: ["member", "operator"]);

    public Task<HttpResponseMessage> GetAsync(string path, string? token = null, Action<HttpRequestHeaders>? headers = null, HttpCompletionOption completion = HttpCompletionOption.ResponseContentRead)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (token is not null) { request.Headers.Authorization = new("Bearer", token); }
        headers?.Invoke(request.Headers);
        return Client.SendAsync(request, completion, Cancellation);
    }

    public async Task<JsonElement> JsonAsync(string path, string? token = null)
    {
        using var response = await GetAsync(path, token);
        Assert.True(response.IsSuccessStatusCode, $"{path} answered {(int)response.StatusCode}: {await response.Content.ReadAsStringAsync(Cancellation)}");
        return await BodyAsync(response);
    }

    public static async Task<JsonElement> BodyAsync(HttpResponseMessage response) => JsonDocument.Parse(await response.Content.ReadAsStringAsync(Cancellation)).RootElement;

    /// <summary>Asserts a problem of that status and kind and gives its body.</summary>
    public async Task<JsonElement> RefusedAsync(int status, string slug, string path, string? token = null)
    {
        using var response = await GetAsync(path, token);
        var body = await BodyAsync(response);
        Assert.Equal(status, (int)response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("/problems/" + slug, body.GetProperty("type").GetString());
        if (status is 429 or 503) { Assert.NotNull(response.Headers.RetryAfter?.Delta); }
        return body;
    }

    public Task PublishAsync<T>(Topic topic, Guid key, T message) =>
        Log.ProduceAsync(topic, [new(key.ToString(), JsonSerializer.SerializeToUtf8Bytes(message, MessageJson.Default.Options))], Cancellation);

    /// <summary>Lets time pass in steps, of 10 ms unless told otherwise, until the task ends.</summary>
    public async Task WhileTimePassesAsync(Task task, TimeSpan? step = null)
    {
        await Eventually.TrueAsync(
            () =>
            {
                Clock.Advance(step ?? TimeSpan.FromMilliseconds(10));
                return task.IsCompleted;
            },
            s_limit, "what was waited for");
        await task;
    }

    /// <summary>What a counter has reached, as the metrics page tells it.</summary>
    public async Task<double> LookupsAsync(string cache, string layer, string result)
    {
        var page = await Client.GetStringAsync(new Uri("/metrics", UriKind.Relative), Cancellation);
        return PrometheusText.Parse(page, name => name == "firstcome_cache_lookups_total", 1_000)
            .Where(sample => sample.Label("cache") == cache && sample.Label("layer") == layer && sample.Label("result") == result).Sum(sample => sample.Value);
    }

    public Task StopAsync() => WhileTimePassesAsync(_app.StopAsync(Cancellation));

    public async ValueTask DisposeAsync()
    {
        Client?.Dispose();
        await WhileTimePassesAsync(_app.DisposeAsync().AsTask());
        await Peers.DisposeAsync();
        _folder.Dispose();
    }

    private InstanceInfo Instance(string app) => new()
    {
        InstanceId = $"{app}-1",
        App = app.ToUpperInvariant(),
        HostName = "127.0.0.1",
        IpAddress = "127.0.0.1",
        Port = new(Peers.Port, true),
        VipAddress = app,
        DataCenter = DataCenterInfo.MyOwn,
    };
}
