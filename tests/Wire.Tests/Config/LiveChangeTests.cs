using System.Diagnostics;
using System.Net;
using System.Text;
using FirstCome.ConfigClient;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>Changes that reach running services, and how a start finds its config server.</summary>
public sealed class LiveChangeTests : IDisposable
{
    private readonly SettingsRepository _settings = new(("issue-service.yml", "Limit: 1\n"));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _settings.Dispose();

    [Fact]
    public async Task A_push_notice_brings_a_remote_commit_into_ten_running_services_within_five_seconds()
    {
        await using var server = await RunningConfigServer.StartAsync(
            _settings.Beside("clone"), Cancellation, settings: [$"--ConfigServer:Remote:Url={new Uri(_settings.Path).AbsoluteUri}", "--ConfigServer:FetchInterval=01:00:00"]);
        var hosts = new List<IHost>();
        try
        {
            for (var i = 0; i < 10; i++)
                hosts.Add(await StartAsync(new ConfigClientOptions { Urls = [server.Url], Application = "issue-service", PollInterval = TimeSpan.FromHours(1) }));
            await Waiting.UntilAsync(() => Task.FromResult(hosts.TrueForAll(host => Limit(host) == "1")));
            using var http = new HttpClient();
            for (var limit = 2; limit <= 3; limit++)
            {
                var commit = _settings.Commit("issue-service.yml", $"Limit: {limit}\n");
                var watch = Stopwatch.StartNew();
                using var notice = new StringContent("{}", Encoding.UTF8, "application/json");
                using var accepted = await http.PostAsync(new Uri(server.Url, "/monitor"), notice, Cancellation);
                Assert.Equal(HttpStatusCode.OK, accepted.StatusCode);
                await Waiting.UntilAsync(() => Task.FromResult(hosts.TrueForAll(host => Limit(host) == $"{limit}" && State(host).Version == commit)));
                Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
            }
        }
        finally
        {
            hosts.ForEach(host => host.Dispose());
        }
    }

    [Fact]
    public async Task A_question_is_held_until_there_is_something_new_and_asked_anew_only_then()
    {
        await using var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        using var http = new HttpClient();
        using var first = await http.GetAsync(new Uri(server.Url, "/issue-service/default"), Cancellation);
        var known = first.Headers.ETag!;
        Assert.Equal(HttpStatusCode.NotModified, (await AskAsync(http, server, known.ToString(), wait: null)).StatusCode);
        var watch = Stopwatch.StartNew();
        using var nothing = await AskAsync(http, server, known.ToString(), wait: 1);
        Assert.Equal((HttpStatusCode.NotModified, true), (nothing.StatusCode, nothing.Headers.Contains("Preference-Applied")));
        Assert.InRange(watch.Elapsed, TimeSpan.FromSeconds(0.9), TimeSpan.FromSeconds(5));

        watch.Restart();
        var held = AskAsync(http, server, known.ToString(), wait: 30);
        _settings.Commit("issue-service.yml", "Limit: 2\n");
        using var answer = await held;
        Assert.Contains("\"Limit\":2", await answer.Content.ReadAsStringAsync(Cancellation), StringComparison.Ordinal);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_refused_set_stays_refused_while_nothing_is_newer_and_the_server_is_not_stormed()
    {
        await using var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        var asked = 0;
        using var host = await StartAsync(new ConfigClientOptions
        {
            Urls = [server.Url],
            Application = "issue-service",
            PollInterval = TimeSpan.FromSeconds(1),
            Validate = values => { Interlocked.Increment(ref asked); return values["Limit"] == "-1" ? ["Limit must be above 0."] : []; },
        });
        _settings.Commit("issue-service.yml", "Limit: -1\n");
        await Waiting.UntilAsync(() => Task.FromResult(State(host).LastError is not null));
        var before = Volatile.Read(ref asked);
        await Task.Delay(TimeSpan.FromMilliseconds(600), Cancellation);
        Assert.Equal((before, "1"), (Volatile.Read(ref asked), Limit(host)));
        Assert.Contains("Limit must be above 0.", State(host).LastError, StringComparison.Ordinal);
        _settings.Commit("issue-service.yml", "Limit: 3\n");
        await Waiting.UntilAsync(() => Task.FromResult(Limit(host) == "3" && State(host).LastError is null));
    }

    [Fact]
    public async Task Fail_fast_fails_a_start_without_server_also_with_a_cache_file_and_not_otherwise()
    {
        ConfigClientOptions Options(Uri url, bool failFast, IReadOnlyList<string>? errors = null)
            => new() { Urls = [url], Application = "issue-service", CacheFile = _settings.Beside("cache.json"), FailFast = failFast, Validate = errors is null ? null : _ => errors };
        await using (var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation))
        {
            Assert.Equal("1", ((IConfigurationBuilder)new ConfigurationManager()).AddConfigServer(Options(server.Url, failFast: true)).Build()["Limit"]);
            Assert.Contains("wrong", Assert.Throws<ConfigServerUnavailableException>(() => new ConfigurationManager().AddConfigServer(Options(server.Url, failFast: true, ["wrong"]))).Message, StringComparison.Ordinal);
        }
        var away = new Uri("http://127.0.0.1:9");
        Assert.Throws<ConfigServerUnavailableException>(() => new ConfigurationManager().AddConfigServer(Options(away, failFast: true)));
        var patient = new ConfigurationManager();
        patient.AddConfigServer(Options(away, failFast: false));
        Assert.Equal("1", patient["Limit"]);
    }

    [Fact]
    public async Task Discovery_first_finds_the_server_and_finds_it_again_elsewhere()
    {
        var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation, settings: ["--ConfigServer:Reads=Nobody", "--ConfigServer:Clients:issue:Password=a-password-of-issue"]);
        var port = server.Url.Port;
        await using var registry = WebApplication.CreateSlimBuilder(["--Logging:LogLevel:Default=None"]).Build();
        registry.Urls.Add("http://127.0.0.1:0");
        registry.MapGet("/eureka/apps/configserver", () => Results.Json(new
        {
            application = new
            {
                name = "CONFIGSERVER",
                instance = new object[]
                {
                    Instance(9, "DOWN"),
                    Instance(port, "UP"),
                },
            },
        }));
        await registry.StartAsync(Cancellation);
        using var host = await StartAsync(new ConfigClientOptions
        {
            DiscoveryUrls = [new Uri($"{registry.Urls.Single()}/eureka/")],
            Application = "issue-service",
            PollInterval = TimeSpan.FromMilliseconds(200),
            FirstLoadTimeout = TimeSpan.FromSeconds(5),
        });
        Assert.Equal("1", Limit(host));
        await server.DisposeAsync();
        await Waiting.UntilAsync(() => Task.FromResult(!State(host).Reachable));
        _settings.Commit("issue-service.yml", "Limit: 2\n");
        await using var elsewhere = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        port = elsewhere.Url.Port;
        await Waiting.UntilAsync(() => Task.FromResult(Limit(host) == "2"));
    }

    private static Dictionary<string, object> Instance(int port, string status) => new()
    {
        ["hostName"] = "127.0.0.1",
        ["status"] = status,
        ["port"] = new Dictionary<string, object> { ["$"] = port, ["@enabled"] = "true" },
        ["securePort"] = new Dictionary<string, object> { ["$"] = 443, ["@enabled"] = "false" },
        ["metadata"] = new Dictionary<string, object> { ["user"] = "issue", ["password"] = "a-password-of-issue" },
    };

    private static async Task<HttpResponseMessage> AskAsync(HttpClient http, RunningConfigServer server, string known, int? wait)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.Url, "/issue-service/default"));
        request.Headers.TryAddWithoutValidation("If-None-Match", known);
        if (wait is { } seconds)
            request.Headers.TryAddWithoutValidation("Prefer", $"wait={seconds}");
        return await http.SendAsync(request, Cancellation);
    }

    private static async Task<IHost> StartAsync(ConfigClientOptions options)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddConfigServer(options);
        builder.Services.AddConfigClientPolling();
        var host = builder.Build();
        await host.StartAsync(Cancellation);
        return host;
    }

    private static string? Limit(IHost host) => host.Services.GetRequiredService<IConfiguration>()["Limit"];

    private static ConfigState State(IHost host) => host.Services.GetRequiredService<ConfigState>();
}
