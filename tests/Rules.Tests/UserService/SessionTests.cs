using System.Net;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class SessionTests
{
    private const string Email = "kim@example.com";

    [Fact]
    public async Task Each_refresh_spends_the_token_and_gives_the_next()
    {
        await using var service = await RunningUserService.StartAsync();
        var (_, refresh) = await service.SignInAsync(RunningUserService.AdminEmail);
        for (var i = 0; i < 3; i++)
        {
            service.Time.Advance(TimeSpan.FromDays(13));
            var tokens = await service.RefreshAsync(HttpStatusCode.OK, refresh);
            Assert.NotEqual(refresh, (string?)tokens["refreshToken"]);
            refresh = (string)tokens["refreshToken"]!;
            await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: (string?)tokens["accessToken"]);
        }
        Assert.DoesNotContain(refresh, await service.DumpAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_reused_refresh_token_ends_its_family_and_no_other()
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignUpAsync(Email);
        var (_, stolen) = await service.SignInAsync(Email);
        var (_, elsewhere) = await service.SignInAsync(Email);
        var second = (string)(await service.RefreshAsync(HttpStatusCode.OK, stolen))["refreshToken"]!;
        var third = (string)(await service.RefreshAsync(HttpStatusCode.OK, second))["refreshToken"]!;
        Assert.Equal("/problems/sign-in-failed", (string?)(await service.RefreshAsync(HttpStatusCode.Unauthorized, stolen))["type"]);
        await service.RefreshAsync(HttpStatusCode.Unauthorized, third);
        await service.RefreshAsync(HttpStatusCode.OK, elsewhere);
    }

    [Fact]
    public async Task Of_one_token_sent_twice_at_once_one_refresh_wins_and_the_family_ends()
    {
        await using var service = await RunningUserService.StartAsync();
        var (_, refresh) = await service.SignInAsync(RunningUserService.AdminEmail);
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 8).Select(_ => service.SendAsync(HttpMethod.Post, "/api/auth/refresh", new { refreshToken = refresh })));
        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.OK);
        Assert.Equal(0, await service.ScalarAsync<int>("SELECT COUNT(*) FROM session"));
    }

    [Fact]
    public async Task Whoever_repeats_a_refresh_with_its_key_gets_the_same_token_until_it_is_used()
    {
        const string Key = "a-key-of-22-characters";
        await using var service = await RunningUserService.StartAsync();
        var (_, first) = await service.SignInAsync(RunningUserService.AdminEmail);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => RefreshAsync(service, first, Key)));
        var second = Assert.Single(answers.Select(answer => answer.Token!).Distinct());
        Assert.NotEqual(first, second);
        // The key is no secret of one token alone: the next token gives another one under it.
        var third = (await RefreshAsync(service, second, Key)).Token;
        Assert.NotEqual(second, third);

        // Now that the second was used, the first is a stolen one, whatever the key.
        Assert.Equal(HttpStatusCode.Unauthorized, (await RefreshAsync(service, first, Key)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await RefreshAsync(service, third!, Key)).Status);
    }

    [Theory]
    [InlineData("another-key-of-22-chars")]
    [InlineData(null)]
    public async Task A_spent_token_under_another_key_ends_its_family(string? key)
    {
        await using var service = await RunningUserService.StartAsync();
        var (_, stolen) = await service.SignInAsync(RunningUserService.AdminEmail);
        var next = (await RefreshAsync(service, stolen, "a-key-of-22-characters")).Token;
        Assert.Equal(HttpStatusCode.Unauthorized, (await RefreshAsync(service, stolen, key)).Status);
        Assert.Equal(HttpStatusCode.Unauthorized, (await RefreshAsync(service, next!, null)).Status);
        Assert.Equal(0, await service.ScalarAsync<int>("SELECT COUNT(*) FROM session"));
    }

    [Theory]
    [InlineData("too-short")]
    [InlineData("twenty-two characters with spaces")]
    public async Task A_key_that_could_be_guessed_is_refused_and_spends_nothing(string key)
    {
        await using var service = await RunningUserService.StartAsync();
        var (_, refresh) = await service.SignInAsync(RunningUserService.AdminEmail);
        Assert.Equal(HttpStatusCode.BadRequest, (await RefreshAsync(service, refresh, key)).Status);
        await service.RefreshAsync(HttpStatusCode.OK, refresh);
    }

    [Fact]
    public async Task An_access_token_expires_after_ten_minutes()
    {
        await using var service = await RunningUserService.StartAsync();
        var (access, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        service.Time.Advance(TimeSpan.FromMinutes(9));
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: access);
        service.Time.Advance(TimeSpan.FromMinutes(1));
        await service.AskAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", token: access);
    }

    [Fact]
    public async Task A_refresh_token_expires_before_the_sweep_comes_too()
    {
        await using var service = await RunningUserService.StartAsync(null, "--SignIn:RefreshLifetime=00:05:00");
        var (_, refresh) = await service.SignInAsync(RunningUserService.AdminEmail);
        service.Time.Advance(TimeSpan.FromMinutes(4));
        refresh = (string)(await service.RefreshAsync(HttpStatusCode.OK, refresh))["refreshToken"]!;
        service.Time.Advance(TimeSpan.FromMinutes(5));
        await service.RefreshAsync(HttpStatusCode.Unauthorized, refresh);
    }

    [Fact]
    public async Task Signing_out_ends_the_session_and_says_the_same_to_anybody()
    {
        await using var service = await RunningUserService.StartAsync();
        var (_, refresh) = await service.SignInAsync(RunningUserService.AdminEmail);
        var (_, other) = await service.SignInAsync(RunningUserService.AdminEmail);
        foreach (var token in (string[])[refresh, refresh, "no token at all"])
        {
            await service.AskAsync(HttpStatusCode.NoContent, HttpMethod.Post, "/api/auth/sign-out", new { refreshToken = token });
        }
        await service.RefreshAsync(HttpStatusCode.Unauthorized, refresh);
        await service.RefreshAsync(HttpStatusCode.OK, other);
    }

    [Fact]
    public async Task Signing_out_everywhere_ends_every_session_and_every_access_token_and_who_signs_in_again_need_not_wait()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (access, refresh) = await service.SignInAsync(Email);
        var (elsewhere, _) = await service.SignInAsync(Email);
        await service.AskAsync(HttpStatusCode.NoContent, HttpMethod.Post, "/api/auth/sign-out-everywhere", token: access);
        await service.PublishedAsync(id, change => !change.Locked && change.TokensValidFrom > service.Time.GetUtcNow());
        await service.EventuallyAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", access);
        await service.AskAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", token: elsewhere);
        await service.RefreshAsync(HttpStatusCode.Unauthorized, refresh);
        var (again, _) = await service.SignInAsync(Email);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/api/users/me", token: again);
    }

    [Fact]
    public async Task A_member_has_so_many_sessions_and_the_stalest_goes_first()
    {
        await using var service = await RunningUserService.StartAsync(null, "--SignIn:SessionsMax=2");
        var (_, first) = await service.SignInAsync(RunningUserService.AdminEmail);
        service.Time.Advance(TimeSpan.FromSeconds(1));
        var (_, second) = await service.SignInAsync(RunningUserService.AdminEmail);
        service.Time.Advance(TimeSpan.FromSeconds(1));
        first = (string)(await service.RefreshAsync(HttpStatusCode.OK, first))["refreshToken"]!;
        service.Time.Advance(TimeSpan.FromSeconds(1));
        await service.SignInAsync(RunningUserService.AdminEmail);
        await service.RefreshAsync(HttpStatusCode.Unauthorized, second);
        await service.RefreshAsync(HttpStatusCode.OK, first);
    }

    private static async Task<(HttpStatusCode Status, string? Token)> RefreshAsync(RunningUserService service, string token, string? key)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/api/auth/refresh") { Content = JsonContent.Create(new { refreshToken = token }) };
        if (key is not null) { request.Headers.Add("Idempotency-Key", key); }
        using var answer = await service.Http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadFromJsonAsync<JsonObject>(TestContext.Current.CancellationToken);
        return (answer.StatusCode, (string?)body!["refreshToken"]);
    }
}
