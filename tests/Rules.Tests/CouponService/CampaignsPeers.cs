using System.Collections.Concurrent;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FirstCome.RulesTests.CouponService;

/// <summary>IssueService's gate and UserService's look-up as the campaigns need them, over HTTP; they misbehave as a test says.</summary>
public sealed class CampaignsPeers : IAsyncDisposable
{
    /// <summary>The gate is being rebuilt.</summary>
    public static readonly Func<Campaign, CancellationToken, Task<IResult?>> Away = (_, _) => Task.FromResult<IResult?>(Problems.Result(ProblemTypes.Recovering));

    /// <summary>More was given out than the new quota.</summary>
    public static readonly Func<Campaign, CancellationToken, Task<IResult?>> BelowIssued = (_, _) =>
        Task.FromResult<IResult?>(Problems.Result(ProblemTypes.QuotaBelowIssued, "7 coupons have been given out."));

    private readonly WebApplication _app;
    private volatile Func<Campaign, CancellationToken, Task<IResult?>> _onOrder = (_, _) => Task.FromResult<IResult?>(null);

    public CampaignsPeers()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls=http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.ConfigureHttpJsonOptions(json => ApiJson.Apply(json.SerializerOptions));
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        _app = builder.Build();
        _app.MapPut("/internal/campaigns/{id:guid}/gate", OrderAsync);
        _app.MapPost("/internal/users/resolve", Resolve);
    }

    public Uri Url => new(_app.Urls.Single());

    /// <summary>The orders that the gate has taken, in order.</summary>
    public ConcurrentQueue<Campaign> Taken { get; } = new();

    /// <summary>The versions that were ordered, taken or not.</summary>
    public ConcurrentQueue<int> Ordered { get; } = new();

    /// <summary>What to do with an order before it is taken; an answer takes its place.</summary>
    public Func<Campaign, CancellationToken, Task<IResult?>> OnOrder { get => _onOrder; set => _onOrder = value; }

    /// <summary>Who is a member, by address.</summary>
    public ConcurrentDictionary<string, Guid> Members { get; } = new(StringComparer.OrdinalIgnoreCase);

    public bool IsUserServiceAway { get; set; }

    public async Task StartAsync(string jwks)
    {
        _app.MapGet("/.well-known/jwks.json", () => Results.Text(jwks, "application/json"));
        await _app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _app.StopAsync(new CancellationToken(canceled: true));
        await _app.DisposeAsync();
    }

    private async Task<IResult> OrderAsync(Guid id, GateOrder order, HttpContext context)
    {
        if (context.Request.Headers[InternalApi.ServiceKeyHeader] != CampaignsHost.ServiceKey || id != order.Campaign.Id || order.Campaign.Phase is CampaignPhase.Draft) { return Results.BadRequest(); }
        Ordered.Enqueue(order.Campaign.Version);
        if (await _onOrder(order.Campaign, context.RequestAborted) is { } answer) { return answer; }
        if (Taken.All(known => known.Id != id || known.Version < order.Campaign.Version)) { Taken.Enqueue(order.Campaign); }
        return Results.Ok(new GateOrderResult(order.Campaign.Version, 0));
    }

    private IResult Resolve(ResolveMembers question, HttpContext context)
    {
        if (IsUserServiceAway) { return Problems.Result(ProblemTypes.Unavailable); }
        var (emails, ids) = (question.Emails ?? [], question.Ids ?? []);
        if (context.Request.Headers[InternalApi.ServiceKeyHeader] != CampaignsHost.ServiceKey || emails.Count + ids.Count > InternalApi.ResolveMembersMax) { return Results.BadRequest(); }
        return Results.Ok(new ResolvedMembers([.. emails.Select(email => Members.TryGetValue(email, out var id) ? id : (Guid?)null)], [.. ids.Select(id => Members.Values.Contains(id))]));
    }
}
