using FirstCome.Contracts.Problems;
using FirstCome.Engines.Log;
using FirstCome.RulesTests.Authentication;
using FirstCome.RulesTests.ServiceDefaults;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Extensions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.DependencyInjection;
using Xunit;

namespace FirstCome.RulesTests.Gateway;

/// <summary>Two instances that tell what reached them, and gateways before them.</summary>
public sealed class Edge : IAsyncLifetime
{
    private readonly TokenMaker _maker = new("key-1");
    private readonly FakeEventLog _log = new();
    private readonly Guid _member = Guid.CreateVersion7();
    private readonly List<TinyService> _gateways = [];
    private int _reached;

    internal TinyService One { get; private set; } = null!;
    internal TinyService Two { get; private set; } = null!;
    internal TinyService Gateway { get; private set; } = null!;
    internal int Reached => Volatile.Read(ref _reached);

    public async ValueTask InitializeAsync()
    {
        One = await UpstreamAsync("one");
        Two = await UpstreamAsync("two");
        Gateway = await GatewayAsync("--Gateway:MemberBurst=10000", "--Gateway:AddressBurst=10000");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var gateway in _gateways) { await gateway.DisposeAsync(); }
        await One.DisposeAsync();
        await Two.DisposeAsync();
        _maker.Dispose();
    }

    internal async Task<TinyService> GatewayAsync(params string[] arguments)
    {
        var app = FirstCome.Gateway.Program.Create(TinyService.Arguments(["--Gateway:RequiredServices=", .. arguments]), builder => builder.Services.AddSingleton<IEventLog>(_log));
        var gateway = await TinyService.StartAsync(app);
        _gateways.Add(gateway);
        return gateway;
    }

    /// <summary>Waits until a gateway has fetched the keys; the user service must be registered.</summary>
    internal Task KeysAsync(TinyService? gateway = null) =>
        TokenService.UntilAsync(async () => (await (gateway ?? Gateway).GetAsync("/api/users/me", ("Authorization", "Bearer " + Token()))).Status == 200, "the gateway has the keys");

    internal string Token(params (string Name, object? Value)[] changes)
    {
        var claims = TokenMaker.Claims(_member, DateTimeOffset.UtcNow);
        foreach (var (name, value) in changes) { claims[name] = value; }
        return _maker.Make(claims);
    }

    private async Task<TinyService> UpstreamAsync(string name) => await TinyService.StartAsync(
        app =>
        {
            app.MapGet("/.well-known/jwks.json", () => Results.Json(new { keys = new[] { _maker.PublicKey() } })).ExcludeFromDescription();
            app.MapGet("/own-policy", (HttpContext context) => { context.Response.Headers.ContentSecurityPolicy = "default-src 'self' 'nonce-1'"; return "page"; }).ExcludeFromDescription();
            app.MapGet("/api/described", () => "described");
            app.Map("/{**rest}", async (HttpContext context) =>
            {
                var reached = Interlocked.Increment(ref _reached);
                var request = context.Request;
                if (request.GetEncodedPathAndQuery().Contains("break-once", StringComparison.Ordinal) && reached % 2 == 1) { context.Abort(); return Results.Empty; }
                if (request.QueryString.Value == "?fail") { return Problems.Result(ProblemTypes.SignInFailed); }
                using var body = new MemoryStream();
                await request.Body.CopyToAsync(body, context.RequestAborted);
                var headers = string.Concat(request.Headers.Select(header => $"{header.Key}={header.Value};"));
                return Results.Text($"{name} {request.Method} {request.GetEncodedPathAndQuery()} length={body.Length};{headers}");
            }).ExcludeFromDescription().WithMetadata(new DisableRequestSizeLimitAttribute());
        },
        name: name);
}
