using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.Versioning;
using System.Text.Json.Nodes;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.SystemTests.Start;

/// <summary>What <c>./run</c> promises of starting, stopping and its data folder.</summary>
public sealed class StartAndStopTests : IAsyncLifetime
{
    private static readonly string[] s_services = ["gateway", "discovery-server", "configserver", "user-service", "coupon-service", "issue-service", "issue-worker", "cache-service", "web"];
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly TemporaryFolder _folder = new();
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false }) { Timeout = TimeSpan.FromSeconds(10) };
    private readonly AllInOneProcess _system;

    public StartAndStopTests() => _system = new AllInOneProcess(_folder.File("data"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _system.DisposeAsync();
        _http.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public async Task Every_service_listens_on_its_own_port_and_tells_its_health_and_metrics()
    {
        await _system.StartAsync();
        var addresses = _system.Addresses();

        Assert.Equal(s_services, addresses.Select(address => address.Service));
        Assert.Equal(Enumerable.Range(_system.Port, 9), addresses.Select(address => address.Url.Port));
        Assert.All(addresses, address => Assert.Equal(_system.Process.Id, address.Pid));
        foreach (var (service, url, _) in addresses)
        {
            foreach (var path in new[] { "health", "health/live", "metrics" })
            {
                using var answer = await _http.GetAsync(new Uri(url, path), Cancel);
                Assert.True(answer.StatusCode == HttpStatusCode.OK, $"{service}/{path}: {answer.StatusCode}");
            }
        }
        // Nothing but the loopback: the machine's other addresses refuse.
        foreach (var address in NetworkInterface.GetAllNetworkInterfaces().SelectMany(card => card.GetIPProperties().UnicastAddresses).Select(entry => entry.Address)
            .Where(address => address.AddressFamily == AddressFamily.InterNetwork && !IPAddress.IsLoopback(address)))
        {
            using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            await Assert.ThrowsAsync<SocketException>(async () => await socket.ConnectAsync(address, _system.Port, Cancel));
        }
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public async Task What_is_secret_is_its_owners_only()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        await _system.StartAsync();
        string[] secrets = [_folder.File("data/service-key"), _folder.File("data/demo-accounts.json"), .. Directory.GetFiles(_folder.File("data/keys"))];
        Assert.All(secrets, [UnsupportedOSPlatform("windows")] (file) => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file)));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_folder.File("data")));
        // The output may go to a log; passwords are printed for a person at a terminal only.
        Assert.All(_system.Accounts(), account => Assert.DoesNotContain(account.Password, _system.Process.Output, StringComparison.Ordinal));
        Assert.DoesNotContain(File.ReadAllText(_folder.File("data/service-key")), _system.Process.Output + _system.Process.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SIGTERM_stops_it_cleanly_and_the_next_start_goes_on_with_the_same_data()
    {
        await _system.StartAsync();
        var accounts = _system.Accounts();
        var (_, email, password) = accounts.Single(account => account.Role == "operator");
        var created = await CreateCampaignAsync(await SignInAsync(email, password));

        Assert.Equal(0, await _system.StopAsync());
        Assert.Empty(_system.Process.Error);
        Assert.False(File.Exists(_folder.File("data/addresses.json")));

        await _system.StartAsync();
        Assert.Equal(accounts, _system.Accounts());
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(_system.Gateway, $"api/campaigns/{created}"));
        request.Headers.Authorization = new("Bearer", await SignInAsync(email, password));
        using var campaign = await _http.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.OK, campaign.StatusCode);
    }

    [Fact]
    public async Task A_killed_system_starts_again_on_what_it_left()
    {
        await _system.StartAsync();
        await _system.Process.KillAsync();
        await _system.StartAsync();
        Assert.Equal(0, await _system.StopAsync());
    }

    [Fact]
    public async Task A_second_start_on_the_same_data_is_refused()
    {
        await _system.StartAsync();
        await RefusedAsync(["--port", Text(FreePorts.Block(AllInOneProcess.Ports)), "--data", _folder.File("data")], $"in use by another start (process {_system.Process.Id})");
    }

    [Fact]
    public async Task A_taken_port_is_refused_and_named()
    {
        var port = FreePorts.Block(AllInOneProcess.Ports);
        using var taken = new TcpListener(IPAddress.Loopback, port + 4);
        taken.Start();
        await RefusedAsync(["--port", Text(port), "--data", _folder.File("data")], $"Port {port + 4}, which coupon-service needs, is taken");
    }

    [Theory]
    [InlineData("\"--prot\" is no option", "--prot", "8080")]
    [InlineData("--port must be a number from 1 to 65527", "--port", "65528")]
    [InlineData("--port must be a number", "--port", "-1")]
    [InlineData("--port must be a number", "--port=eighty")]
    [InlineData("--port needs a value", "--port")]
    [InlineData("--bind must be an IP address", "--bind", "localhost")]
    [InlineData("is none of this machine's", "--bind", "192.0.2.1")]
    [InlineData("--data must name a folder", "--data", "")]
    public Task A_wrong_option_is_refused_and_named(string sentence, params string[] arguments) =>
        RefusedAsync(arguments.Contains("--data") ? arguments : ["--data", _folder.File("data"), .. arguments], sentence);

    [Theory]
    [InlineData("file/data")]
    [InlineData("file")]
    public async Task A_folder_that_cannot_be_written_is_refused(string name)
    {
        await File.WriteAllTextAsync(_folder.File("file"), "not a folder", Cancel);
        await RefusedAsync(["--data", _folder.File(name)], "cannot be written");
    }

    [Fact]
    public async Task Help_tells_every_option()
    {
        await using var process = AllInOneProcess.Launch("--help");
        Assert.Equal(0, await process.WaitForExitAsync(s_limit));
        Assert.All(["--port", "--bind", "--data"], option => Assert.Contains(option, process.Output, StringComparison.Ordinal));
    }

    /// <summary>Ends with code 2 and one sentence on standard error.</summary>
    private static async Task RefusedAsync(string[] arguments, string sentence)
    {
        await using var process = AllInOneProcess.Launch(arguments);
        Assert.Equal(2, await process.WaitForExitAsync(s_limit));
        Assert.Contains(sentence, process.Error, StringComparison.Ordinal);
        Assert.Single(process.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(process.Output);
    }

    private async Task<string> SignInAsync(string email, string password)
    {
        using var answer = await _http.PostAsJsonAsync(new Uri(_system.Gateway, "api/auth/sign-in"), new { email, password }, Cancel);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["accessToken"]!.GetValue<string>();
    }

    private async Task<string> CreateCampaignAsync(string token)
    {
        var now = DateTimeOffset.UtcNow;
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(_system.Gateway, "api/campaigns"))
        {
            Content = JsonContent.Create(new
            {
                name = new { ko = "시험", en = "A test" },
                description = new { ko = "", en = "" },
                quota = 10,
                perMember = 1,
                opensAt = now.AddHours(1),
                closesAt = now.AddHours(2),
                benefit = new { kind = "freeShipping" },
                validity = new { days = 1 },
                audience = Array.Empty<object>(),
                rehearsal = false,
                releaseCancelled = false,
            }),
        };
        request.Headers.Authorization = new("Bearer", token);
        using var answer = await _http.SendAsync(request, Cancel);
        Assert.True(answer.StatusCode == HttpStatusCode.Created, await answer.Content.ReadAsStringAsync(Cancel));
        return (await answer.Content.ReadFromJsonAsync<JsonNode>(Cancel))!["id"]!.GetValue<string>();
    }

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
