using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using LibGit2Sharp;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>Repositories that come from elsewhere, and those that are several.</summary>
public sealed class RemoteRepositoryTests : IDisposable
{
    private const string Secret = "a-secret-of-push-notices-1";

    private readonly SettingsRepository _remote = new(("application.yml", "shared: yes\n"), ("issue-service.yml", "limit: 1\n"));
    private readonly HttpClient _http = new(new SocketsHttpHandler { Expect100ContinueTimeout = TimeSpan.FromSeconds(30) });

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    private string Clone => _remote.Beside("clone");

    public void Dispose()
    {
        _http.Dispose();
        _remote.Dispose();
    }

    [Fact]
    public async Task A_remote_is_cloned_and_followed_also_after_a_forced_push_and_served_while_it_is_away()
    {
        await using var server = await StartAsync("00:00:01");
        await UntilAsync(server, "\"limit\":1");
        _remote.Commit("issue-service.yml", "limit: 2\n");
        await UntilAsync(server, "\"limit\":2");
        var forced = _remote.Rewrite("issue-service.yml", "limit: 3\n");
        await UntilAsync(server, $"\"version\":\"{forced}\"");

        Directory.Move(_remote.Path, _remote.Beside("away"));
        await Waiting.UntilAsync(async () => (await HealthAsync(server)).Contains($"its commit {forced} is served", StringComparison.Ordinal));
        Assert.Contains("\"limit\":3", await GetAsync(server, "/issue-service/default"), StringComparison.Ordinal);
        Directory.Move(_remote.Beside("away"), _remote.Path);
        await Waiting.UntilAsync(async () => !(await HealthAsync(server)).Contains("cannot be fetched", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_restart_without_the_remote_serves_what_was_fetched_last()
    {
        await using (var first = await StartAsync("00:01:00"))
            await UntilAsync(first, "\"limit\":1");
        Directory.Move(_remote.Path, _remote.Beside("away"));
        await using var server = await StartAsync("00:01:00");
        Assert.Contains("\"limit\":1", await GetAsync(server, "/issue-service/default"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_push_notice_fetches_at_once_when_it_is_signed()
    {
        await using var server = await StartAsync("00:10:00", $"--ConfigServer:MonitorSecret={Secret}");
        await UntilAsync(server, "\"limit\":1");
        _remote.Commit("issue-service.yml", "limit: 2\n");
        const string Notice = """{"ref":"refs/heads/main","commits":[{"modified":["issue-service.yml"]}]}""";
        var wrong = Convert.ToHexStringLower(HMACSHA256.HashData("another"u8, Encoding.UTF8.GetBytes(Notice)));
        foreach (var (name, value) in new[] { ("X-None", "x"), ("X-Hub-Signature-256", $"sha256={wrong}"), ("X-Hub-Signature-256", "sha256=zz"), ("X-Gitlab-Token", "wrong") })
            Assert.Equal(HttpStatusCode.Forbidden, (await NotifyAsync(server, Notice, name, value)).StatusCode);

        using var accepted = await NotifyAsync(server, Notice, "X-Hub-Signature-256", $"sha256={Sign(Notice)}");
        Assert.Equal(["issue-service"], (await accepted.Content.ReadFromJsonAsync<string[]>(Cancellation))!);
        await UntilAsync(server, "\"limit\":2");

        // Bitbucket signs under the older name; GitLab sends the secret itself.
        _remote.Commit("issue-service.yml", "limit: 3\n");
        const string Bitbucket = """{"push":{"changes":[{"new":{"name":"main"}}]}}""";
        Assert.Equal(HttpStatusCode.OK, (await NotifyAsync(server, Bitbucket, "X-Hub-Signature", $"sha256={Sign(Bitbucket)}")).StatusCode);
        await UntilAsync(server, "\"limit\":3");
        _remote.Commit("issue-service.yml", "limit: 4\n");
        Assert.Equal(HttpStatusCode.OK, (await NotifyAsync(server, Notice, "X-Gitlab-Token", Secret)).StatusCode);
        await UntilAsync(server, "\"limit\":4");
        Assert.Equal(HttpStatusCode.BadRequest, (await NotifyAsync(server, "[1", "X-Gitlab-Token", Secret)).StatusCode);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, (await NotifyAsync(server, new string(' ', 1024 * 1024 + 1), "X-Gitlab-Token", Secret)).StatusCode);
    }

    [Fact]
    public async Task A_folder_that_somebody_works_in_is_not_taken_for_a_clone()
    {
        using var mine = new SettingsRepository(("mine.yml", "a: 1\n"));
        var commit = mine.Commit("mine.yml", "a: 2\n");
        await using var server = await RunningConfigServer.StartAsync(mine.Path, Cancellation, settings: [$"--ConfigServer:Remote:Url={new Uri(_remote.Path).AbsoluteUri}"]);
        await Waiting.UntilAsync(async () => (await HealthAsync(server)).Contains("holds another repository", StringComparison.Ordinal));
        using var repository = new Repository(mine.Path);
        Assert.Equal(commit, repository.Head.Tip.Sha);
    }

    [Fact]
    public async Task Applications_have_repositories_of_their_own_by_pattern_and_search_paths()
    {
        using var team = new SettingsRepository(("application.yml", "from: team\n"), ("team-a.yml", "from: team-a\n"));
        Directory.CreateDirectory(Path.Combine(_remote.Path, "issue-service"));
        _remote.Commit("issue-service/issue-service.yml", "limit: 7\n");
        await using var server = await RunningConfigServer.StartAsync(_remote.Path, Cancellation, settings:
        [
            "--ConfigServer:SearchPaths:0={application}", $"--ConfigServer:Repositories:team:RepositoryPath={team.Path}",
            "--ConfigServer:Repositories:team:Patterns:0=team-*", "--ConfigServer:Repositories:team:Patterns:1=*/staging",
        ]);
        Assert.Contains("\"from\":\"team-a\"", await GetAsync(server, "/team-a/default"), StringComparison.Ordinal);
        Assert.Contains("\"from\":\"team\"", await GetAsync(server, "/issue-service/staging"), StringComparison.Ordinal);
        var sources = await GetAsync(server, "/issue-service/default");
        Assert.DoesNotContain("\"from\"", sources, StringComparison.Ordinal);
        Assert.True(sources.IndexOf("\"limit\":7", StringComparison.Ordinal) is > 0 and var own && own < sources.IndexOf("\"limit\":1", StringComparison.Ordinal), sources);
        Assert.Equal("limit: 7\n", await GetAsync(server, "/issue-service/default/main/issue-service.yml"));
    }

    private Task<RunningConfigServer> StartAsync(string interval, params string[] settings)
        => RunningConfigServer.StartAsync(Clone, Cancellation, settings: [$"--ConfigServer:Remote:Url={new Uri(_remote.Path).AbsoluteUri}", $"--ConfigServer:FetchInterval={interval}", .. settings]);

    private static string Sign(string body) => Convert.ToHexStringLower(HMACSHA256.HashData(Encoding.UTF8.GetBytes(Secret), Encoding.UTF8.GetBytes(body)));

    private async Task<HttpResponseMessage> NotifyAsync(RunningConfigServer server, string body, string header, string value)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(server.Url, "/monitor")) { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        request.Headers.TryAddWithoutValidation(header, value);
        // Else the server may close while the rest of too large a body is still being sent.
        request.Headers.ExpectContinue = true;
        return await _http.SendAsync(request, Cancellation);
    }

    private Task UntilAsync(RunningConfigServer server, string part)
        => Waiting.UntilAsync(async () => (await GetAsync(server, "/issue-service/default")).Contains(part, StringComparison.Ordinal));

    private async Task<string> HealthAsync(RunningConfigServer server) => await GetAsync(server, "/health");

    private async Task<string> GetAsync(RunningConfigServer server, string path)
    {
        using var answer = await _http.GetAsync(new Uri(server.Url, path), Cancellation);
        return await answer.Content.ReadAsStringAsync(Cancellation);
    }
}
