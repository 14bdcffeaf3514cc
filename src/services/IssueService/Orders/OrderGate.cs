using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using FirstCome.IssueService.Recovery;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace FirstCome.IssueService.Orders;

/// <summary>
/// <c>PUT /internal/campaigns/{id}/gate</c>: once answered 200, the order binds every later claim on every instance. A quota is raised in the ledger first, then in the gate;
/// lowering is decided by the gate, which alone knows what it has given out, and reaches the ledger after it. Repeating an order changes nothing.
/// </summary>
internal static class OrderGate
{
    public static void Map(IEndpointRouteBuilder between) => between.MapPut("/campaigns/{id:guid}/gate", HandleAsync);

    private static async Task<IResult> HandleAsync(
        Guid id, GateOrder order, CampaignDirectory directory, GateRecovery recovery, Database ledger, IConnectionMultiplexer redis, IOptions<ClaimOptions> options, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (order.Campaign.Id != id || order.Campaign.Phase == CampaignPhase.Draft)
        {
            var errors = new FieldErrors();
            errors.Add("campaign", "must be the campaign of the path, and no draft");
            return errors.ToResult();
        }
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(options.Value.LogTimeout);
        try
        {
            return await ApplyAsync(order.Campaign, directory, recovery, ledger, redis, limit.Token);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException || (exception is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return Problems.Result(ProblemTypes.Recovering, "The gate is not open; send the order again.");
        }
    }

    private static async Task<IResult> ApplyAsync(
        Campaign order, CampaignDirectory directory, GateRecovery recovery, Database ledger, IConnectionMultiplexer redis, CancellationToken cancellationToken)
    {
        var row = await ledger.ReadAsync((connection, token) => LedgerCampaigns.FindAsync(connection, null, order.Id, "", token), cancellationToken);
        if (row is not null && row.Version >= order.Version) { order = row.Document; }
        if (order.Phase == CampaignPhase.Archived) { return await ArchiveAsync(order, row, directory, ledger, redis, cancellationToken); }

        var lowering = row is not null && order.Quota < row.Quota;
        if (!lowering) { await WriteAsync(order, row, ledger, cancellationToken); }
        var campaign = lowering ? directory.Known(order.Id) ?? directory.Take(row!.Document) : directory.Take(order);
        await recovery.OpenAsync(campaign, cancellationToken);
        var (status, below, winners) = await campaign.Gate.ConfigureAsync(order, row?.Released ?? 0, refuseBelow: lowering);
        if (status != GateStatus.Answered) { return Problems.Result(ProblemTypes.Recovering, "The gate is not open; send the order again."); }
        if (below)
        {
            return Problems.Result(
                ProblemTypes.QuotaBelowIssued, $"{winners} coupons have been given out; the quota with the released places must not be below that.", new Dictionary<string, object?> { ["accepted"] = winners });
        }
        if (lowering) { await WriteAsync(order, row, ledger, cancellationToken); }
        directory.Take(order);
        return Results.Ok(new GateOrderResult(order.Version, winners));
    }

    private static Task WriteAsync(Campaign order, LedgerCampaign? row, Database ledger, CancellationToken cancellationToken) =>
        row is not null && row.Version >= order.Version
            ? Task.CompletedTask
            : ledger.WriteAsync((connection, transaction, token) => LedgerCampaigns.WriteAsync(connection, transaction, order, row is null, token), cancellationToken);

    // The gate says "closed" from the order before on; what is left of it goes, and the ledger answers.
    private static async Task<IResult> ArchiveAsync(
        Campaign order, LedgerCampaign? row, CampaignDirectory directory, Database ledger, IConnectionMultiplexer redis, CancellationToken cancellationToken)
    {
        await WriteAsync(order, row, ledger, cancellationToken);
        var campaign = directory.Take(order);
        var database = redis.GetDatabase();
        var layout = await database.HashGetAsync(campaign.Gate.Keys.Control, ["g", "b"]);
        if (layout[0].HasValue && layout[1].HasValue) { await RebuildGate.RemoveGenerationAsync(database, campaign.Gate.Keys, (int)layout[0], (int)layout[1]); }
        await database.KeyDeleteAsync(campaign.Gate.Keys.Control);
        return Results.Ok(new GateOrderResult(order.Version, row?.Taken ?? 0));
    }
}
