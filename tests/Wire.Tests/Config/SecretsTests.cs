using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>Encrypted values, and who may read and encrypt.</summary>
public sealed class SecretsTests : IDisposable
{
    private const string Administrator = "an-administrator-0001";
    private const string IssueToken = "token-of-issue-service-0002";
    private const string CouponPassword = "password-of-coupons-0003";
    private const string Key = "0123456789abcdef";
    // "secret", encrypted by the original with this key.
    private const string Cipher = "bd29ca0e791ba2f12114ca4c7b556a6e0d43f0f1a7739dff33a5fb46d85deb0f";

    private static readonly string[] Closed =
    [
        $"--ConfigServer:Administrator:Password={Administrator}", "--ConfigServer:Reads=Nobody", $"--ConfigServer:EncryptKey={Key}",
        $"--ConfigServer:Clients:issue:Token={IssueToken}", "--ConfigServer:Clients:issue:Applications:0=issue",
        $"--ConfigServer:Clients:coupons:Password={CouponPassword}", "--ConfigServer:Clients:coupons:Applications:0=coupon-service",
        "--ConfigServer:Clients:coupons:Applications:1=issue-service",
    ];

    private readonly SettingsRepository _settings = new(
        ("application.yml", "shared: yes\n"), ("issue.yml", $"db:\n  password: '{{cipher}}{Cipher}'\n  name: issues\n"), ("issue-service.yml", "foreign: 1\n"), ("coupon-service.yml", "foreign: 2\n"));
    private readonly HttpClient _http = new();

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _http.Dispose();
        _settings.Dispose();
    }

    [Fact]
    public async Task A_value_that_the_original_encrypted_is_opened_in_every_form()
    {
        await using var server = await StartAsync($"--ConfigServer:EncryptKey={Key}");
        Assert.Contains("\"source\":{\"db.name\":\"issues\",\"db.password\":\"secret\"}", await BodyAsync(server, "/issue/default"), StringComparison.Ordinal);
        Assert.Contains("password: secret", await BodyAsync(server, "/issue-default.yml"), StringComparison.Ordinal);
        Assert.Contains("\"db.password\":\"secret\"", await BodyAsync(server, "/issue/default", accept: "application/vnd.spring-cloud.config-server.v2+json"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_in_a_file_opens_and_another_key_opens_nothing()
    {
        var file = _settings.Beside("key");
        await File.WriteAllTextAsync(file, Key + "\n", Cancellation);
        await using var server = await StartAsync($"--ConfigServer:EncryptKeyFile={file}");
        Assert.Contains("\"db.password\":\"secret\"", await BodyAsync(server, "/issue/default"), StringComparison.Ordinal);
        await using var other = await StartAsync("--ConfigServer:EncryptKey=another-key-of-theirs");
        Assert.Contains("\"invalid.db.password\":\"<n/a>\"", await BodyAsync(other, "/issue/default"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_an_administrator_encryption_is_not_there()
    {
        await using var server = await StartAsync($"--ConfigServer:EncryptKey={Key}");
        foreach (var (method, path) in new[] { ("POST", "/encrypt"), ("POST", "/decrypt"), ("POST", "/encrypt/a/b"), ("POST", "/decrypt/a/b"), ("GET", "/encrypt/status"), ("GET", "/key"), ("GET", "/key/a/b") })
            Assert.Equal((path, HttpStatusCode.NotFound), (path, await StatusAsync(server, path, method, body: Cipher)));
    }

    [Fact]
    public async Task Only_the_administrator_encrypts_and_decrypts()
    {
        await using var server = await StartAsync(Closed);
        foreach (var wrong in new[] { null, Bearer(IssueToken), Basic("admin", "wrong"), Basic("root", Administrator), Bearer(Administrator), new AuthenticationHeaderValue("Basic", "%%%") })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "/decrypt", "POST", wrong, Cipher));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "/encrypt", "POST", wrong, "x"));
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "/key", "GET", wrong));
        }
        var cipher = await BodyAsync(server, "/encrypt", "POST", Basic("admin", Administrator), "비밀 🎟");
        Assert.Equal("비밀 🎟", await BodyAsync(server, "/decrypt", "POST", Basic("admin", Administrator), cipher));
        Assert.Equal("secret", await BodyAsync(server, "/decrypt", "POST", Basic("admin", Administrator), "{key:x}{name:y}" + Cipher));
    }

    [Fact]
    public async Task A_client_reads_its_own_application_and_no_other_however_it_asks()
    {
        await using var server = await StartAsync(Closed);
        var issue = Bearer(IssueToken);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/issue/default", "GET", issue));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/issue-default.yml", "GET", issue));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/coupon-service/default", "GET", Basic("coupons", CouponPassword)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/coupon-service/default", "GET", Basic("admin", Administrator)));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(server, "/coupon-service/default", "GET", Bearer("a-key-for-tests-only-0123456789abcdef")));
        foreach (var path in new[] { "/coupon-service/default", "/issue,coupon-service/default", "/issue/service", "/issue/default,service", "/issue-service.yml", "/coupon-service-default.json", "/(_)coupon-service/default" })
            Assert.Equal((path, HttpStatusCode.Forbidden), (path, await StatusAsync(server, path, "GET", issue)));
        foreach (var path in new[] { "/issue/default/main/coupon-service.yml", "/issue/default/main/issue-service.yml", "/issue/default/application.yml?useDefaultLabel" })
            Assert.Equal((path, HttpStatusCode.NotFound), (path, await StatusAsync(server, path, "GET", issue)));
        foreach (var wrong in new[] { null, Bearer(IssueToken + "x"), Basic("issue", IssueToken), Basic("coupons", Administrator) })
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(server, "/issue/default", "GET", wrong));
    }

    [Fact]
    public async Task No_secret_is_logged_or_told()
    {
        var lines = new ConcurrentQueue<string>();
        await using var server = await RunningConfigServer.StartAsync(
            _settings.Path, Cancellation, settings: [.. Closed, "--Logging:LogLevel:Default=Trace"], change: builder => builder.Logging.AddProvider(new Lines(lines)));
        _settings.Commit("issue.yml", $"db:\n  password: '{{cipher}}{Cipher}'\n  password: in-the-clear-0004\n");
        var told = new StringBuilder();
        foreach (var path in new[] { "/issue/default", "/issue-default.yml", "/issue/default/v0" })
            told.Append((await SendAsync(server, path, "GET", Bearer(IssueToken), null)).Headers);
        await StatusAsync(server, "/decrypt", "POST", Basic("admin", Administrator), Cipher);
        told.Append(await (await SendAsync(server, "/decrypt", "POST", Basic("admin", Administrator), Cipher[..^2] + "00")).Content.ReadAsStringAsync(Cancellation));
        told.Append(await (await SendAsync(server, "/issue/default", "GET", Bearer("wrong-one-0005"), null)).Content.ReadAsStringAsync(Cancellation));
        told.Append(await BodyAsync(server, "/health"));
        told.AppendJoin('\n', lines);
        Assert.Contains("issue.yml, line 3", told.ToString(), StringComparison.Ordinal);
        Assert.All([Administrator, IssueToken, CouponPassword, Key, "in-the-clear-0004", "wrong-one-0005", Cipher], secret => Assert.DoesNotContain(secret, told.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Off_the_loopback_nobody_reads_without_credentials_and_no_push_is_heard_without_a_secret()
    {
        // As if the connection came from another machine, where the request says so.
        const string From = "X-From";
        await using var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation, change: builder => builder.Services.AddSingleton<IStartupFilter>(new Elsewhere(From)));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), await ReadAndPushAsync("127.0.0.1", null));
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.OK), await ReadAndPushAsync("::1", null));
        foreach (var address in new[] { "10.1.2.3", "fd00::1", "::ffff:10.1.2.3" })
            Assert.Equal((HttpStatusCode.Unauthorized, HttpStatusCode.Forbidden), await ReadAndPushAsync(address, null));
        // The services' own key opens what is read; a push needs its secret all the same.
        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.Forbidden), await ReadAndPushAsync("10.1.2.3", Bearer("a-key-for-tests-only-0123456789abcdef")));

        async Task<(HttpStatusCode Read, HttpStatusCode Push)> ReadAndPushAsync(string address, AuthenticationHeaderValue? authorization)
        {
            using var read = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "/issue/default")) { Headers = { Authorization = authorization } };
            using var push = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Url, "/monitor")) { Headers = { Authorization = authorization }, Content = new StringContent("{}", Encoding.UTF8, "application/json") };
            read.Headers.Add(From, address);
            push.Headers.Add(From, address);
            using var readAnswer = await _http.SendAsync(read, Cancellation);
            using var pushAnswer = await _http.SendAsync(push, Cancellation);
            return (readAnswer.StatusCode, pushAnswer.StatusCode);
        }
    }

    private Task<RunningConfigServer> StartAsync(params string[] settings) => RunningConfigServer.StartAsync(_settings.Path, Cancellation, settings: settings);

    private async Task<HttpStatusCode> StatusAsync(RunningConfigServer server, string path, string method = "GET", AuthenticationHeaderValue? authorization = null, string? body = null)
    {
        using var answer = await SendAsync(server, path, method, authorization, body);
        return answer.StatusCode;
    }

    private async Task<string> BodyAsync(RunningConfigServer server, string path, string method = "GET", AuthenticationHeaderValue? authorization = null, string? body = null, string? accept = null)
    {
        using var answer = await SendAsync(server, path, method, authorization, body, accept);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }

    private async Task<HttpResponseMessage> SendAsync(RunningConfigServer server, string path, string method, AuthenticationHeaderValue? authorization, string? body, string? accept = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), new Uri(server.Url, path));
        request.Headers.Authorization = authorization;
        if (accept is not null)
            request.Headers.Accept.ParseAdd(accept);
        if (body is not null)
            request.Content = new StringContent(body, Encoding.UTF8, "text/plain");
        return await _http.SendAsync(request, Cancellation);
    }

    private static AuthenticationHeaderValue Basic(string user, string password) => new("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));

    private static AuthenticationHeaderValue Bearer(string token) => new("Bearer", token);

    private sealed class Lines(ConcurrentQueue<string> lines) : ILoggerProvider, ILogger
    {
        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
            => lines.Enqueue($"{formatter(state, exception)} {exception}");

        public void Dispose()
        {
        }
    }

    private sealed class Elsewhere(string header) : IStartupFilter
    {
        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use((context, rest) =>
            {
                context.Connection.RemoteIpAddress = IPAddress.Parse(context.Request.Headers[header].ToString());
                return rest(context);
            });
            next(app);
        };
    }
}
