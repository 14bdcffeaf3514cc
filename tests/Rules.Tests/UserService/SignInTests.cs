using System.Net;
using FirstCome.UserService.Passwords;
using FirstCome.UserService.Sessions;
using Microsoft.Extensions.Hosting;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class SignInTests
{
    private const string Email = "kim@example.com";

    [Fact]
    public async Task An_unknown_address_and_a_wrong_password_get_the_same_answer_after_the_same_work()
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignUpAsync(Email);
        var before = service.Computed;
        var wrong = await service.TrySignInAsync(HttpStatusCode.Unauthorized, Email, "tree-river-8");
        var between = service.Computed;
        var unknown = await service.TrySignInAsync(HttpStatusCode.Unauthorized, "nobody@example.com", "tree-river-8");
        Assert.Equal(1, between - before);
        Assert.Equal(1, service.Computed - between);
        wrong.Remove("traceId");
        unknown.Remove("traceId");
        Assert.Equal(wrong.ToJsonString(), unknown.ToJsonString());
        Assert.Equal("/problems/sign-in-failed", (string?)wrong["type"]);
    }

    [Theory]
    [InlineData(Email)]
    [InlineData("nobody@example.com")]
    public async Task After_ten_failures_even_the_right_password_must_wait_whether_or_not_there_is_an_account(string email)
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignUpAsync(Email);
        for (var i = 0; i < 10; i++) { await service.TrySignInAsync(HttpStatusCode.Unauthorized, email, $"tree-river-{i}x"); }
        var computed = service.Computed;
        using (var refused = await service.SendAsync(HttpMethod.Post, "/api/auth/sign-in", new { email, password = RunningUserService.Password }))
        {
            Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
            Assert.Equal(TimeSpan.FromSeconds(30), refused.Headers.RetryAfter?.Delta);
        }
        Assert.Equal(computed, service.Computed);
        service.Time.Advance(TimeSpan.FromSeconds(30));
        await service.TrySignInAsync(email == Email ? HttpStatusCode.OK : HttpStatusCode.Unauthorized, email);
    }

    [Fact]
    public async Task Guesses_sent_at_once_are_counted_too()
    {
        await using var service = await RunningUserService.StartAsync(null, "--Passwords:Concurrency=2", "--Passwords:QueueMax=100");
        await service.SignUpAsync(Email);
        var before = service.Computed;
        var answers = await Task.WhenAll(
            Enumerable.Range(0, 60).Select(i => service.SendAsync(HttpMethod.Post, "/api/auth/sign-in", new { email = Email, password = $"tree-river-{i}x" })));
        Assert.InRange(service.Computed - before, 10, 11);
        Assert.All(answers, answer => Assert.True(answer.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task A_right_password_forgets_the_failures()
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignUpAsync(Email);
        for (var round = 0; round < 2; round++)
        {
            for (var i = 0; i < 9; i++) { await service.TrySignInAsync(HttpStatusCode.Unauthorized, Email, "tree-river-8"); }
            await service.SignInAsync(Email);
        }
    }

    [Fact]
    public async Task An_address_that_tries_many_accounts_must_wait_and_others_behind_the_proxy_do_not()
    {
        await using var service = await RunningUserService.StartAsync(null, "--SignIn:AddressFailuresMax=5");
        for (var i = 0; i < 5; i++)
        {
            using var failed = await service.SendAsync(HttpMethod.Post, "/api/auth/sign-in",
                new { email = $"nobody{i}@example.com", password = "tree-river-8" }, forwardedFor: "198.51.100.1, 203.0.113.7");
            Assert.Equal(HttpStatusCode.Unauthorized, failed.StatusCode);
        }
        using var refused = await service.SendAsync(HttpMethod.Post, "/api/auth/sign-in",
            new { email = RunningUserService.AdminEmail, password = RunningUserService.Password }, forwardedFor: "203.0.113.7");
        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        // What stands further to the left is the client's own word.
        using var other = await service.SendAsync(HttpMethod.Post, "/api/auth/sign-in",
            new { email = RunningUserService.AdminEmail, password = RunningUserService.Password }, forwardedFor: "203.0.113.7, 198.51.100.1");
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Fact]
    public async Task A_locked_member_hears_of_it_only_with_the_right_password()
    {
        await using var service = await RunningUserService.StartAsync();
        var id = (string)(await service.SignUpAsync(Email))["id"]!;
        var (admin, _) = await service.SignInAsync(RunningUserService.AdminEmail);
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{id}/lock", token: admin);
        Assert.Equal("/problems/member-locked", (string?)(await service.TrySignInAsync(HttpStatusCode.Forbidden, Email))["type"]);
        await service.TrySignInAsync(HttpStatusCode.Unauthorized, Email, "tree-river-8");
        await service.AskAsync(HttpStatusCode.OK, HttpMethod.Post, $"/api/users/{id}/unlock", token: admin);
        await service.SignInAsync(Email);
    }

    [Fact]
    public async Task Too_many_at_once_are_told_to_come_back()
    {
        await using var service = await RunningUserService.StartAsync(null, "--Passwords:Concurrency=1", "--Passwords:QueueMax=0");
        using (await service.Get<PasswordHashing>().EnterAsync(TestContext.Current.CancellationToken))
        {
            await service.TrySignInAsync(HttpStatusCode.ServiceUnavailable, RunningUserService.AdminEmail);
        }
        await service.SignInAsync(RunningUserService.AdminEmail);
    }

    [Fact]
    public async Task A_hash_of_fewer_iterations_is_renewed()
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignUpAsync(Email);
        using var weak = new PasswordHashing(Microsoft.Extensions.Options.Options.Create(new PasswordOptions { Iterations = 999 }),
            service.Get<System.Diagnostics.Metrics.IMeterFactory>());
        string hash;
        using (var slot = await weak.EnterAsync(TestContext.Current.CancellationToken)) { hash = await slot!.HashAsync(RunningUserService.Password); }
        await service.Database.WriteAsync((connection, transaction, token) =>
            Dapper.SqlMapper.ExecuteAsync(connection, "UPDATE member SET password_hash = @hash WHERE email = @Email", new { hash, Email }, transaction),
            TestContext.Current.CancellationToken);
        await service.SignInAsync(Email);
        Assert.NotEqual(hash, await service.ScalarAsync<string>("SELECT password_hash FROM member WHERE email = @Email", new { Email }));
        await service.SignInAsync(Email);
    }

    [Fact]
    public async Task No_address_password_code_or_token_is_logged()
    {
        await using var service = await RunningUserService.StartAsync(null, "--Logging:LogLevel:Default=Trace", "--Logging:LogLevel:FirstCome=Trace");
        await service.SignUpAsync(Email);
        for (var i = 0; i < 10; i++) { await service.TrySignInAsync(HttpStatusCode.Unauthorized, Email, "Wrong-Secret-1"); }
        await service.TrySignInAsync(HttpStatusCode.TooManyRequests, Email, "Wrong-Secret-1");
        service.Time.Advance(TimeSpan.FromMinutes(1));
        var (access, refresh) = await service.SignInAsync(Email);
        await service.RefreshAsync(HttpStatusCode.OK, refresh);
        await service.RefreshAsync(HttpStatusCode.Unauthorized, refresh);
        await service.AskAsync(HttpStatusCode.BadRequest, HttpMethod.Post, "/api/auth/sign-in", $$"""{"email":"{{Email}}","password":"Wrong-Secret-1" """);
        var logs = service.Logs.ToString();
        Assert.Contains("ended", logs, StringComparison.Ordinal);
        string[] secrets = [Email, RunningUserService.AdminEmail, RunningUserService.Password, "Wrong-Secret-1", access, access.Split('.')[2], refresh];
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, logs, StringComparison.OrdinalIgnoreCase));
    }

    [Fact]
    public async Task What_has_expired_is_swept()
    {
        await using var service = await RunningUserService.StartAsync();
        await service.SignInAsync(RunningUserService.AdminEmail);
        await service.TrySignInAsync(HttpStatusCode.Unauthorized, "nobody@example.com");
        Assert.Equal(1, await service.ScalarAsync<int>("SELECT COUNT(*) FROM secret_failure"));
        var sweep = service.Get<IEnumerable<IHostedService>>().OfType<SweepExpired>().Single();
        await sweep.SweepAsync(TestContext.Current.CancellationToken);
        Assert.Equal(1, await service.ScalarAsync<int>("SELECT COUNT(*) FROM secret_failure"));
        service.Time.Advance(TimeSpan.FromDays(15));
        await sweep.SweepAsync(TestContext.Current.CancellationToken);
        Assert.Equal(0, await service.ScalarAsync<int>("SELECT COUNT(*) FROM secret_failure"));
        Assert.Equal(0, await service.ScalarAsync<int>("SELECT COUNT(*) FROM session"));
    }
}
