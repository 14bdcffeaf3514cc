using System.Net;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class PasswordTests
{
    private const string Email = "kim@example.com", New = "cloud-lamp-77";

    [Fact]
    public async Task A_new_password_ends_sessions_and_tokens_and_the_old_one_is_good_no_more()
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignUpAsync(Email);
        var (access, refresh) = await service.SignInAsync(Email);
        var wrong = await service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Put, "/api/users/me/password", new { current = "tree-river-8", @new = New },
            access);
        Assert.True(wrong["errors"]!.AsObject().ContainsKey("current"));
        await service.AskAsync(HttpStatusCode.NoContent, HttpMethod.Put, "/api/users/me/password", new { current = RunningUserService.Password, @new = New },
            access);
        await service.EventuallyAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", access);
        await service.RefreshAsync(HttpStatusCode.Unauthorized, refresh);
        await service.TrySignInAsync(HttpStatusCode.Unauthorized, Email);
        await service.SignInAsync(Email, New);
    }

    [Fact]
    public async Task A_stolen_access_token_cannot_be_used_to_try_passwords()
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignUpAsync(Email);
        var (access, _) = await service.SignInAsync(Email);
        for (var i = 0; i < 10; i++)
        {
            var guess = new { current = $"tree-river-{i}x", @new = New };
            await service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Put, "/api/users/me/password", guess, access);
        }
        await service.AskAsync(HttpStatusCode.TooManyRequests, HttpMethod.Put, "/api/users/me/password",
            new { current = RunningUserService.Password, @new = New }, access);
    }

    [Fact]
    public async Task A_reset_code_is_good_once_and_kept_as_a_hash()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (access, refresh) = await service.SignInAsync(Email);
        var code = await CodeAsync(service, id);
        Assert.DoesNotContain(code, await service.DumpAsync(), StringComparison.OrdinalIgnoreCase);
        await service.SignInAsync(Email);
        await ResetAsync(service, HttpStatusCode.Unauthorized, Email, "AAAAA-AAAAA-AAAAA-AAAAA");
        await ResetAsync(service, HttpStatusCode.NoContent, Email, code.ToLowerInvariant());
        await ResetAsync(service, HttpStatusCode.Unauthorized, Email, code);
        await service.RefreshAsync(HttpStatusCode.Unauthorized, refresh);
        await service.EventuallyAsync(HttpStatusCode.Unauthorized, HttpMethod.Get, "/api/users/me", access);
        await service.TrySignInAsync(HttpStatusCode.Unauthorized, Email);
        await service.SignInAsync(Email, New);
    }

    [Fact]
    public async Task A_reset_code_expires_and_a_new_one_replaces_it()
    {
        // Sooner than the sweep comes.
        await using var service = await RunningUserService.StartAsync(null, "--SignIn:ResetCodeLifetime=00:05:00");
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var first = await CodeAsync(service, id);
        var second = await CodeAsync(service, id);
        await ResetAsync(service, HttpStatusCode.Unauthorized, Email, first);
        service.Time.Advance(TimeSpan.FromMinutes(5));
        await ResetAsync(service, HttpStatusCode.Unauthorized, Email, second);
        await service.SignInAsync(Email);
    }

    [Fact]
    public async Task Who_guesses_codes_gets_one_answer_at_one_cost_and_must_wait_also_for_nobodys_account()
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignUpAsync(Email);
        foreach (var email in (string[])[Email, "nobody@example.com"])
        {
            var before = service.Computed;
            for (var i = 0; i < 10; i++) { await ResetAsync(service, HttpStatusCode.Unauthorized, email, "AAAAA-AAAAA-AAAAA-AAAAA"); }
            Assert.Equal(10, service.Computed - before);
            await ResetAsync(service, HttpStatusCode.TooManyRequests, email, "AAAAA-AAAAA-AAAAA-AAAAA");
        }
        // Guesses at codes do not keep the member from signing in.
        await service.SignInAsync(Email);
    }

    private static async Task<string> CodeAsync(RunningUserService service, string id)
    {
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        return (string)(await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{id}/password-reset", token: admin))["code"]!;
    }

    private static Task<System.Text.Json.Nodes.JsonObject> ResetAsync(RunningUserService service, HttpStatusCode expected, string email, string code) =>
        service.AskAsync(expected, HttpMethod.Post, "/api/auth/password-reset", new { email, code, newPassword = New });
}
