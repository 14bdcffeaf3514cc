using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using FirstCome.TestKit;
using FirstCome.Web.Console.Session;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;
using Xunit;

namespace FirstCome.RulesTests.Web;

public sealed class OperatorSessionsTests : IAsyncLifetime
{
    private static readonly TimeSpan s_gone = TimeSpan.FromSeconds(5);
    private readonly GarnetServer _server = new("64m");
    private readonly ServiceProvider _services = new ServiceCollection().AddHttpClient().BuildServiceProvider();
    private readonly FakeTimeProvider _time = new(DateTimeOffset.Parse("2026-01-02T03:04:05Z", System.Globalization.CultureInfo.InvariantCulture));
    private IConnectionMultiplexer _redis = null!;
    private OperatorSessions _sessions = null!;

    public async ValueTask InitializeAsync()
    {
        _redis = await _server.ConnectAsync();
        _sessions = new OperatorSessions(_redis, new EphemeralDataProtectionProvider(), _services.GetRequiredService<IHttpClientFactory>(), _time);
    }

    public async ValueTask DisposeAsync()
    {
        await _redis.DisposeAsync();
        await _services.DisposeAsync();
        _server.Dispose();
    }

    [Fact]
    public async Task Every_use_lets_a_session_last_as_long_again_and_one_without_use_ends()
    {
        var id = OperatorSessions.NewId();
        var properties = OperatorSessions.Properties(new("access", _time.GetUtcNow().AddMinutes(10), "refresh"));
        properties.ExpiresUtc = _time.GetUtcNow() + OperatorSessions.IdleMax;
        Assert.Equal(id, await _sessions.StoreAsync(new(new ClaimsPrincipal(new ClaimsIdentity([new(OperatorSessions.SessionClaim, id)], OperatorSessions.Scheme)), properties, OperatorSessions.Scheme)));
        RedisKey key = $"console:session:{id}";
        foreach (var use in (Func<Task<object?>>[])[async () => await _sessions.AccessTokenAsync(id, TestContext.Current.CancellationToken), async () => await _sessions.RetrieveAsync(id)])
        {
            await _redis.GetDatabase().KeyExpireAsync(key, TimeSpan.FromMinutes(1));
            Assert.NotNull(await use());
            Assert.InRange((await _redis.GetDatabase().KeyTimeToLiveAsync(key))!.Value, OperatorSessions.IdleMax - TimeSpan.FromSeconds(30), OperatorSessions.IdleMax);
        }

        // What the browser's request is judged by lasts no shorter.
        _time.Advance(OperatorSessions.IdleMax - TimeSpan.FromMinutes(1));
        Assert.Equal(_time.GetUtcNow() + OperatorSessions.IdleMax, (await _sessions.RetrieveAsync(id))!.Properties.ExpiresUtc);

        await _redis.GetDatabase().KeyExpireAsync(key, TimeSpan.FromMilliseconds(1));
        await Eventually.TrueAsync(async () => !await _redis.GetDatabase().KeyExistsAsync(key), s_gone, "the session has ended");
        Assert.Null(await _sessions.AccessTokenAsync(id, TestContext.Current.CancellationToken));
        Assert.Null(await _sessions.RetrieveAsync(id));
    }

    [Fact]
    public async Task Tokens_that_come_after_the_sign_out_bring_no_session_back()
    {
        var id = OperatorSessions.NewId();
        var users = new Users();
        var sessions = new OperatorSessions(_redis, new EphemeralDataProtectionProvider(), users, _time);
        var spent = OperatorSessions.Properties(new("access", _time.GetUtcNow().AddSeconds(1), "refresh"));
        await sessions.StoreAsync(new(new ClaimsPrincipal(new ClaimsIdentity([new(OperatorSessions.SessionClaim, id)], OperatorSessions.Scheme)), spent, OperatorSessions.Scheme));
        Assert.Equal("new", await sessions.AccessTokenAsync(id, TestContext.Current.CancellationToken));

        _time.Advance(TimeSpan.FromMinutes(10));
        users.Meanwhile = () => sessions.RemoveAsync(id);
        Assert.Null(await sessions.AccessTokenAsync(id, TestContext.Current.CancellationToken));
        Assert.False(await _redis.GetDatabase().KeyExistsAsync($"console:session:{id}"));
    }

    /// <summary>UserService, which gives new tokens; something else happens while it does.</summary>
    private sealed class Users : HttpMessageHandler, IHttpClientFactory
    {
        public Func<Task> Meanwhile { get; set; } = () => Task.CompletedTask;

        public HttpClient CreateClient(string name) => new(this, disposeHandler: false) { BaseAddress = new Uri("http://user-service") };

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            await Meanwhile();
            return new(HttpStatusCode.OK) { Content = JsonContent.Create(new { accessToken = "new", expiresAt = "2026-01-02T03:09:05Z", refreshToken = "next" }) };
        }
    }
}
