using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;
using FirstCome.ConfigClient;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>Our client against our server, each really started.</summary>
public sealed class ConfigClientTests : IDisposable
{
    private const string Limit10 = "Issue:\n  Limit: 10\n";
    private const string Limit20 = "Issue:\n  Limit: 20\n";

    private readonly SettingsRepository _settings = new(("application.yml", "Shared: yes\nList: [a, b, c]\n"), ("issue-service.yml", Limit10));

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    public void Dispose() => _settings.Dispose();

    [Fact]
    public async Task A_commit_reaches_a_running_service()
    {
        await using var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        using var host = await StartAsync(Options(server.Url));
        Assert.Equal("10", Value(host, "Issue:Limit"));
        Assert.Equal("true", Value(host, "shared"));
        Assert.True(State(host).Reachable);

        var commit = _settings.Commit("issue-service.yml", Limit20);

        await UntilAsync(() => Value(host, "Issue:Limit") == "20");
        Assert.Equal(commit, State(host).Version);
        Assert.Null(State(host).LastError);
    }

    [Fact]
    public async Task The_reload_token_fires_only_when_a_value_changed()
    {
        await using var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        using var host = await StartAsync(Options(server.Url));
        var reloads = 0;
        using var registration = ChangeToken.OnChange(((IConfigurationRoot)host.Services.GetRequiredService<IConfiguration>()).GetReloadToken, () => reloads++);

        var other = _settings.Commit("coupon-service.yml", "Coupon: 1\n");
        await UntilAsync(() => State(host).Version == other);
        Assert.Equal(0, reloads);

        _settings.Commit("issue-service.yml", Limit20);
        await UntilAsync(() => reloads > 0);
        Assert.Equal("20", Value(host, "Issue:Limit"));
    }

    [Fact]
    public async Task Without_the_server_a_start_uses_the_cache_file_and_catches_up_later()
    {
        var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        var url = server.Url;
        string first;
        using (var host = await StartAsync(Options(url)))
        {
            first = State(host).Version!;
        }
        await server.DisposeAsync();
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(_settings.Beside("cache.json")));

        using var later = await StartAsync(Options(url));
        Assert.Equal("10", Value(later, "Issue:Limit"));
        Assert.Equal((false, true, first), (State(later).Reachable, State(later).FromCacheFile, State(later).Version));
        Assert.Contains(url.Authority, State(later).LastError, StringComparison.Ordinal);

        var commit = _settings.Commit("issue-service.yml", Limit20);
        await using var again = await RunningConfigServer.StartAsync(_settings.Path, Cancellation, url.Port);
        await UntilAsync(() => Value(later, "Issue:Limit") == "20");
        Assert.Equal(("20", commit, false), (Value(later, "Issue:Limit"), State(later).Version, State(later).FromCacheFile));
    }

    [Fact]
    public async Task A_server_that_is_killed_and_started_again_is_found_again_and_settings_stay_meanwhile()
    {
        var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        var url = server.Url;
        using var host = await StartAsync(Options(url));
        await server.DisposeAsync();
        await UntilAsync(() => !State(host).Reachable);
        Assert.Equal("10", Value(host, "Issue:Limit"));
        Assert.NotNull(State(host).LastError);

        _settings.Commit("issue-service.yml", Limit20);
        await using var again = await RunningConfigServer.StartAsync(_settings.Path, Cancellation, url.Port);
        await UntilAsync(() => Value(host, "Issue:Limit") == "20");
        await UntilAsync(() => State(host) is { Reachable: true, LastError: null });
    }

    [Fact]
    public async Task A_version_that_is_refused_is_not_applied_and_the_state_says_why()
    {
        await using var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        using var host = await StartAsync(Options(server.Url, settings => settings["Issue:Limit"] == "-1" ? ["Issue:Limit must be above 0."] : []));
        var good = State(host).Version;

        _settings.Commit("issue-service.yml", "Issue:\n  Limit: -1\n");
        await UntilAsync(() => State(host).LastError is not null);
        Assert.Contains("Issue:Limit must be above 0.", State(host).LastError, StringComparison.Ordinal);
        Assert.Equal(("10", good, true), (Value(host, "Issue:Limit"), State(host).Version, State(host).Reachable));

        _settings.Commit("issue-service.yml", Limit20);
        await UntilAsync(() => Value(host, "Issue:Limit") == "20");
        Assert.Null(State(host).LastError);
    }

    [Fact]
    public async Task A_broken_file_leaves_its_application_on_the_last_good_commit_and_health_says_where()
    {
        await using var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        using var host = await StartAsync(Options(server.Url));
        var good = State(host).Version;
        using var http = new HttpClient();

        _settings.Commit("issue-service.yml", "Issue:\n  Limit: 20\n  Limit: 30\n");
        var other = _settings.Commit("coupon-service.yml", "Coupon: 1\n");

        await UntilAsync(async () => (await http.GetStringAsync(new Uri(server.Url, "/health"), Cancellation)).Contains("issue-service.yml, line 3", StringComparison.Ordinal));
        Assert.Equal(("10", good), (Value(host, "Issue:Limit"), State(host).Version));
        Assert.Contains(good!, await http.GetStringAsync(new Uri(server.Url, "/issue-service/default"), Cancellation), StringComparison.Ordinal);
        Assert.Contains(other, await http.GetStringAsync(new Uri(server.Url, "/coupon-service/default"), Cancellation), StringComparison.Ordinal);

        _settings.Commit("issue-service.yml", Limit20);
        await UntilAsync(() => Value(host, "Issue:Limit") == "20");
        Assert.Contains("\"status\":\"ok\"", await http.GetStringAsync(new Uri(server.Url, "/health"), Cancellation), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{")]
    public async Task A_server_that_accepts_and_stalls_holds_up_a_start_for_its_limit_only(string beginning)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var stalled = StallAsync(listener, beginning);
        var watch = Stopwatch.StartNew();

        var configuration = new ConfigurationManager();
        configuration.AddConfigServer(Options(new Uri($"http://{listener.LocalEndpoint}"), firstLoad: TimeSpan.FromMilliseconds(300)));

        Assert.InRange(watch.Elapsed, TimeSpan.FromMilliseconds(200), TimeSpan.FromSeconds(1.3));
        Assert.Null(configuration["Issue:Limit"]);
        listener.Stop();
        await stalled;
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnull", "no propertySources")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<x>", "not JSON")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 53\r\n\r\n{\"propertySources\":[{\"source\":{\"a\":\"\\ud800\"}}],\"b\":1}", "not JSON")]
    [InlineData("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n", "404")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9/\r\nContent-Length: 0\r\n\r\n", "302")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n", "cannot be reached")]
    public async Task An_answer_that_is_no_environment_is_told_and_changes_nothing(string answer, string told)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var stalled = StallAsync(listener, answer);
        var configuration = new ConfigurationManager();
        configuration.AddConfigServer(Options(new Uri($"http://{listener.LocalEndpoint}")));
        using var services = new ServiceCollection().AddSingleton<IConfiguration>(configuration).AddConfigClientPolling().AddLogging().BuildServiceProvider();

        var state = services.GetRequiredService<ConfigState>();
        Assert.Contains(told, state.LastError, StringComparison.Ordinal);
        Assert.False(state.Reachable);
        listener.Stop();
        await stalled;
    }

    [Fact]
    public async Task A_cache_file_of_another_application_or_in_pieces_is_not_used()
    {
        await using var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        using (await StartAsync(Options(server.Url)))
        {
        }
        var away = new Uri("http://127.0.0.1:9");
        var other = new ConfigurationManager();
        other.AddConfigServer(new ConfigClientOptions { Urls = [away], Application = "coupon-service", CacheFile = _settings.Beside("cache.json") });
        Assert.Null(other["Issue:Limit"]);

        await File.WriteAllTextAsync(_settings.Beside("cache.json"), "{\"Identity\":", Cancellation);
        using var host = await StartAsync(Options(away));
        Assert.Null(Value(host, "Issue:Limit"));
        Assert.Contains("cannot be read", State(host).LastError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_one_instance_is_given_by_hand_wins_over_the_server_and_the_server_over_files()
    {
        await using var server = await RunningConfigServer.StartAsync(_settings.Path, Cancellation);
        var file = _settings.Beside("appsettings.json");
        await File.WriteAllTextAsync(file, """{"Issue":{"Limit":"1"},"Shared":"file"}""", Cancellation);
        var configuration = new ConfigurationManager();
        configuration.AddJsonFile(file);
        configuration.AddCommandLine(["--Issue:Limit=2"]);
        configuration.AddConfigServer(Options(server.Url));
        Assert.Equal(("2", "true"), (configuration["Issue:Limit"], configuration["Shared"]));
    }

    [Fact]
    public void Wrong_options_are_told_all_at_once()
    {
        var options = new ConfigClientOptions { Urls = [new Uri("ftp://x"), new Uri("http://u:p@x")], Application = "", PollInterval = TimeSpan.Zero, UserName = "u" };
        var error = Assert.Throws<ArgumentException>(() => new ConfigurationManager().AddConfigServer(options));
        Assert.All(["Urls", "Application", "PollInterval", "Password"], key => Assert.Contains(key, error.Message, StringComparison.Ordinal));
        Assert.DoesNotContain("u:p", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Polling_stops_at_once()
    {
        using var host = await StartAsync(new ConfigClientOptions { Urls = [new Uri("http://127.0.0.1:9")], Application = "x", PollInterval = TimeSpan.FromHours(1) });
        var watch = Stopwatch.StartNew();
        await host.StopAsync(Cancellation);
        Assert.InRange(watch.Elapsed, TimeSpan.Zero, TimeSpan.FromSeconds(2));
    }

    private static async Task StallAsync(TcpListener listener, string beginning)
    {
        // Held on to: a client that nobody refers to is finalised, and its connection ends.
        var clients = new List<TcpClient>();
        try
        {
            while (true)
            {
                var client = await listener.AcceptTcpClientAsync(Cancellation);
                clients.Add(client);
                await client.GetStream().ReadAtLeastAsync(new byte[4096], 1, throwOnEndOfStream: false, Cancellation);
                await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(beginning), Cancellation);
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or InvalidOperationException or IOException)
        {
            // The test has ended.
        }
        finally { clients.ForEach(client => client.Dispose()); }
    }

    private ConfigClientOptions Options(Uri url, Func<IReadOnlyDictionary<string, string?>, IReadOnlyList<string>>? validate = null, TimeSpan? firstLoad = null) => new()
    {
        Urls = [url],
        Application = "issue-service",
        PollInterval = TimeSpan.FromMilliseconds(100),
        FirstLoadTimeout = firstLoad ?? TimeSpan.FromSeconds(5),
        CacheFile = _settings.Beside("cache.json"),
        Validate = validate,
    };

    private static async Task<IHost> StartAsync(ConfigClientOptions options)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration.AddConfigServer(options);
        builder.Services.AddConfigClientPolling();
        var host = builder.Build();
        await host.StartAsync(Cancellation);
        return host;
    }

    private static string? Value(IHost host, string key) => host.Services.GetRequiredService<IConfiguration>()[key];

    private static ConfigState State(IHost host) => host.Services.GetRequiredService<ConfigState>();

    private static Task UntilAsync(Func<bool> holds) => UntilAsync(() => Task.FromResult(holds()));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        limit.CancelAfter(TimeSpan.FromSeconds(15));
        while (!await holds())
            await Task.Delay(20, limit.Token);
    }
}
