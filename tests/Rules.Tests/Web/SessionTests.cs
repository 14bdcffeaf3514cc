using System.Net;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FirstCome.RulesTests.Web;

public sealed class SessionTests : IAsyncLifetime
{
    private readonly UserServiceStub _users = new();
    private WebApplication _app = null!;
    private HttpClient _client = null!;

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _app = FirstCome.Web.Program.Create(
            ["--Service:Url=http://127.0.0.1:0", "--Service:Key=a-key-of-tests-that-is-long-enough-for-services", "--Eureka:ServerUrls=", "--ConfigServer:Urls=", "--Redis:Endpoints=127.0.0.1:1"],
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Services.ConfigureHttpClientDefaults(client => client.ConfigureAdditionalHttpMessageHandlers((handlers, _) => handlers.Insert(0, _users)));
            });
        await _app.StartAsync(Cancellation);
        _client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = new Uri(_app.Urls.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _app.DisposeAsync();
        _users.Dispose();
    }

    private async Task<HttpResponseMessage> PostAsync(string path, string json = "{}", string type = "application/json", params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(json, Encoding.UTF8, type) };
        foreach (var (name, value) in headers) { request.Headers.Add(name, value); }
        return await _client.SendAsync(request, Cancellation);
    }

    [Fact]
    public async Task The_refresh_token_stands_in_a_cookie_that_no_script_reads_and_nowhere_else()
    {
        using var response = await PostAsync("/session/sign-in", """{"email":"a@b.c","password":"x"}""", headers: ("X-Forwarded-Proto", "https"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        var cookie = response.Headers.GetValues("Set-Cookie").Single();
        foreach (var part in (string[])["fc-session=first-refresh", "httponly", "samesite=strict", "secure", "path=/session"]) { Assert.Contains(part, cookie, StringComparison.OrdinalIgnoreCase); }
        var body = await response.Content.ReadAsStringAsync(Cancellation);
        Assert.Equal("an-access-token", JsonDocument.Parse(body).RootElement.GetProperty("token").GetString());
        Assert.DoesNotContain("first-refresh", body, StringComparison.Ordinal);
        Assert.True(response.Headers.CacheControl?.NoStore);
    }

    [Fact]
    public async Task A_refresh_spends_the_cookie_and_sets_the_next()
    {
        using var response = await PostAsync("/session/refresh", headers: ("Cookie", "fc-session=first-refresh"));
        Assert.Contains("second-refresh", response.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_key_of_a_refresh_that_may_be_repeated_goes_along()
    {
        using var response = await PostAsync("/session/refresh", headers: [("Cookie", "fc-session=first-refresh"), ("Idempotency-Key", "a-key-of-22-characters")]);
        Assert.Equal("a-key-of-22-characters", _users.Key);
    }

    [Fact]
    public async Task A_spent_cookie_is_refused_and_forgotten()
    {
        using var response = await PostAsync("/session/refresh", headers: ("Cookie", "fc-session=spent"));
        Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
        Assert.Contains("fc-session=;", response.Headers.GetValues("Set-Cookie").Single(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_cookie_nobody_is_signed_in_and_nobody_is_asked()
    {
        using var response = await PostAsync("/session/refresh");
        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Equal(0, _users.Asked);
    }

    [Theory]
    [InlineData("cross-site")]
    [InlineData("same-site")]
    [InlineData("none")]
    public async Task Another_site_is_refused(string site)
    {
        using var response = await PostAsync("/session/refresh", headers: [("Sec-Fetch-Site", site), ("Cookie", "fc-session=first-refresh")]);
        Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
        Assert.Equal(0, _users.Asked);
    }

    [Fact]
    public async Task A_form_is_refused()
    {
        using var response = await PostAsync("/session/sign-out", "", "application/x-www-form-urlencoded", ("Cookie", "fc-session=first-refresh"));
        Assert.Equal(HttpStatusCode.UnsupportedMediaType, response.StatusCode);
        Assert.Equal(0, _users.Asked);
    }

    private sealed class UserServiceStub : DelegatingHandler
    {
        private int _asked;

        public int Asked => Volatile.Read(ref _asked);

        public string? Key { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _asked);
            Key = request.Headers.TryGetValues("Idempotency-Key", out var keys) ? keys.Single() : null;
            var body = request.Content is null ? "" : await request.Content.ReadAsStringAsync(cancellationToken);
            if (body.Contains("spent", StringComparison.Ordinal))
            {
                return new(HttpStatusCode.Unauthorized) { Content = new StringContent("""{"type":"/problems/sign-in-failed"}""", Encoding.UTF8, "application/problem+json") };
            }
            var next = request.RequestUri!.AbsolutePath == "/api/auth/refresh" ? "second-refresh" : "first-refresh";
            var json = $$"""{"accessToken":"an-access-token","expiresAt":"2030-01-01T00:00:00Z","refreshToken":"{{next}}"}""";
            return new(HttpStatusCode.OK) { Content = new StringContent(json, Encoding.UTF8, "application/json") };
        }
    }
}
