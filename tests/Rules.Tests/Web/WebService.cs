using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FirstCome.RulesTests.Web;

/// <summary>Web without a Redis, before a UserService that knows everybody: one for all tests of a class, since it packs its files anew at every start.</summary>
public sealed class WebService : IAsyncLifetime
{
    private WebApplication _app = null!;

    internal UserServiceStub Users { get; } = new();

    internal HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _app = FirstCome.Web.Program.Create(
            ["--Service:Url=http://127.0.0.1:0", "--Service:Key=a-key-of-tests-that-is-long-enough-for-services", "--Eureka:ServerUrls=", "--ConfigServer:Urls=", "--Redis:Endpoints=127.0.0.1:1"],
            builder =>
            {
                builder.Logging.ClearProviders();
                builder.Services.ConfigureHttpClientDefaults(client => client.ConfigureAdditionalHttpMessageHandlers((handlers, _) => handlers.Insert(0, Users)));
            });
        await _app.StartAsync(TestContext.Current.CancellationToken);
        Client = new HttpClient(new SocketsHttpHandler { UseProxy = false, UseCookies = false }) { BaseAddress = new Uri(_app.Urls.Single()) };
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
        Users.Dispose();
    }

    internal sealed class UserServiceStub : DelegatingHandler
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
