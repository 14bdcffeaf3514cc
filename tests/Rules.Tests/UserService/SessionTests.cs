using System.Net;
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
}
