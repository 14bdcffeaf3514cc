using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Messages;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace FirstCome.RulesTests.CacheService;

/// <summary>CouponService, IssueService and UserService as far as CacheService sees them: one small server that says what a test has put into it, and can be away or slow.</summary>
internal sealed class Peers : IAsyncDisposable
{
    public const string ServiceKey = "a-key-of-tests-that-is-long-enough-for-services";

    private static readonly RsaSecurityKey s_key = new(RSA.Create(2_048)) { KeyId = "test-key" };
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web);

    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _calls = new();

    private Peers(WebApplication app) => _app = app;

    public ConcurrentDictionary<Guid, Campaign> Campaigns { get; } = new();
    public ConcurrentDictionary<Guid, GateCounts> Counts { get; } = new();
    public ConcurrentDictionary<(Guid Campaign, Guid Member), ClaimList> Claims { get; } = new();

    /// <summary>What the list answers; null: every campaign there is.</summary>
    public CampaignPage? Page { get; set; }

    /// <summary>Whether CouponService answers 503.</summary>
    public bool CouponsAway { get; set; }

    /// <summary>Whether IssueService answers 503.</summary>
    public bool IssuesAway { get; set; }

    /// <summary>Where set, answers of CouponService wait for it.</summary>
    public TaskCompletionSource? Hold { get; set; }

    public string Metrics { get; set; } = "";

    public string Health { get; set; } = """{"status":"ok","service":"coupon-service","checks":[],"configuration":{"commit":"abc"}}""";

    public int Port => new Uri(_app.Urls.Single()).Port;

    /// <summary>How many calls came to a path; with a query, to one that begins so.</summary>
    public int CallsTo(string path) => _calls.Count(call => path.Contains('?', StringComparison.Ordinal) ? call.StartsWith(path, StringComparison.Ordinal) : call.Split('?')[0] == path);

    public static async Task<Peers> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var peers = new Peers(app);
        peers.Map();
        await app.StartAsync();
        return peers;
    }

    /// <summary>An access token as UserService makes it.</summary>
    public static string Token(Guid member, DateTimeOffset issuedAt, string[]? roles = null, Guid? rehearsal = null)
    {
        var claims = new Dictionary<string, object> { ["sub"] = member.ToString(), ["roles"] = roles ?? ["member"], ["since"] = 1_600_000_000L };
        if (rehearsal is { } campaign) { claims["rehearsal"] = campaign.ToString(); }
        return new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(new SecurityTokenDescriptor
        {
            Issuer = "firstcome",
            Audience = "firstcome",
            IssuedAt = issuedAt.UtcDateTime,
            Expires = issuedAt.AddMinutes(10).UtcDateTime,
            Claims = claims,
            SigningCredentials = new(s_key, SecurityAlgorithms.RsaSha256),
        });
    }

    public async ValueTask DisposeAsync()
    {
        Hold?.TrySetResult();
        await _app.DisposeAsync();
    }

    private void Map()
    {
        _app.Use(async (context, next) =>
        {
            _calls.Enqueue(context.Request.Path + context.Request.QueryString.Value);
            if (context.Request.Path.StartsWithSegments("/internal") && context.Request.Headers[InternalApi.ServiceKeyHeader] != ServiceKey) { context.Response.StatusCode = 401; }
            else { await next(); }
        });
        _app.MapGet("/internal/campaigns/{id}", (Guid id) => CouponsAsync(() => Campaigns.TryGetValue(id, out var campaign) ? Results.Json(campaign, MessageJson.Default.Options) : Results.NotFound()));
        _app.MapGet("/internal/campaigns", (string? after) => CouponsAsync(() =>
            after == "garbage" ? Results.BadRequest() : Results.Json(Page ?? new CampaignPage([.. Campaigns.Values.OrderBy(campaign => campaign.Id)], null), s_json)));
        _app.MapGet("/internal/campaigns/{id}/counts", (Guid id) => IssuesAway || !Counts.TryGetValue(id, out var counts) ? Results.StatusCode(503) : Results.Json(counts, s_json));
        _app.MapGet("/internal/campaigns/{id}/claims/{member}", (Guid id, Guid member) =>
            IssuesAway ? Results.StatusCode(503) : Results.Json(Claims.GetValueOrDefault((id, member), new([])), MessageJson.Default.Options));
        _app.MapGet("/.well-known/jwks.json", () =>
        {
            var numbers = s_key.Rsa.ExportParameters(includePrivateParameters: false);
            return Results.Json(new { keys = new[] { new { kty = "RSA", use = "sig", alg = "RS256", kid = s_key.KeyId, n = Base64UrlEncoder.Encode(numbers.Modulus), e = Base64UrlEncoder.Encode(numbers.Exponent) } } });
        });
        _app.MapGet("/health", () => Results.Text(Health, "application/json"));
        _app.MapGet("/metrics", () => Results.Text(Metrics, "text/plain; version=0.0.4"));
    }

    private async Task<IResult> CouponsAsync(Func<IResult> answer)
    {
        if (Hold is { } hold) { await hold.Task; }
        return CouponsAway ? Results.StatusCode(503) : answer();
    }
}
