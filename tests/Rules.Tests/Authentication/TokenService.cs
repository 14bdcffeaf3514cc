using FirstCome.Authentication;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.RulesTests.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FirstCome.RulesTests.Authentication;

/// <summary>A service that takes tokens, a UserService that publishes keys, and a log of members' changes; on a clock of the test's.</summary>
public sealed class TokenService : IAsyncLifetime
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    internal TokenMaker Maker { get; } = new("key-1");
    internal TokenMaker Unpublished { get; } = new("key-2");
    internal FakeEventLog Log { get; } = new();
    internal FakeTimeProvider Time { get; } = new(DateTimeOffset.UtcNow);
    internal Guid Member { get; } = Guid.CreateVersion7();
    internal object[] Published { get; set; } = [];
    internal int KeyFetches => Volatile.Read(ref _keyFetches);
    internal bool UserServiceAway { get; set; }
    internal TinyService Service { get; private set; } = null!;

    private int _keyFetches;
    private TinyService _users = null!;

    public async ValueTask InitializeAsync()
    {
        Published = [Maker.PublicKey()];
        _users = await TinyService.StartAsync(app => app.MapGet("/.well-known/jwks.json", () =>
        {
            Interlocked.Increment(ref _keyFetches);
            return UserServiceAway ? Results.StatusCode(500) : Results.Json(new { keys = Published });
        }), name: "user-service");
        Service = await TinyService.StartAsync(
            app =>
            {
                app.UseTokenAuthentication();
                app.MapGet("/open", (HttpContext context) => Results.Text(context.CallerOrNull()?.MemberId.ToString() ?? "nobody"));
                app.MapGet("/member", (HttpContext context) => Results.Json(context.Caller())).RequireMember();
                app.MapGet("/token", () => Results.Text("yes")).RequireToken();
                app.MapGet("/operator", () => Results.Text("yes")).RequireRole(Role.Operator, Role.Admin);
                app.MapGet("/campaigns/{id}/claims", () => Results.Text("yes")).RequireClaimant("id");
            },
            builder =>
            {
                builder.Services.AddSingleton<IEventLog>(Log);
                builder.AddTokenAuthentication();
                builder.Services.AddSingleton<TimeProvider>(Time);
            });
        Registered.Set(Service.Services, ("user-service", _users.Port));
        // The fetches before found no UserService; the next one is due soon, counted from an end that may be yet to come: time goes on until it is there.
        await UntilAsync(
            () =>
            {
                Time.Advance(TimeSpan.FromMilliseconds(500));
                return Task.FromResult(Service.Services.GetRequiredService<SigningKeys>().Any);
            }, "the keys are fetched");
    }

    public async ValueTask DisposeAsync()
    {
        await Service.DisposeAsync();
        await _users.DisposeAsync();
        Maker.Dispose();
        Unpublished.Dispose();
    }

    internal MemberChanged Change(bool locked = false) =>
        new(Member, locked, DateTimeOffset.UnixEpoch, new("gold", ["vip"], DateTimeOffset.UnixEpoch, null), Time.GetUtcNow());

    internal string Token(params (string Name, object? Value)[] changes)
    {
        var claims = TokenMaker.Claims(Member, Time.GetUtcNow());
        // Every call makes another token, so that nothing is remembered by chance.
        claims["jti"] = Guid.NewGuid().ToString();
        foreach (var (name, value) in changes) { claims[name] = value; }
        return Maker.Make(claims);
    }

    internal Task<Answer> AskAsync(string path, string token) => Service.GetAsync(path, ("Authorization", "Bearer " + token));

    internal static async Task UntilAsync(Func<Task<bool>> condition, string what)
    {
        using var limit = new CancellationTokenSource(s_limit);
        while (!await condition())
        {
            Assert.False(limit.IsCancellationRequested, $"Not within {s_limit}: {what}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
