using System.Globalization;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Gate;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;
using StackExchange.Redis;

namespace FirstCome.IssueService.Orders;

/// <summary><c>GET /internal/campaigns/{id}/counts</c>: marked claims from the gate, rows and releases from the ledger. 503 while the gate is not open: a guess is no count.</summary>
internal static class ReadCounts
{
    public static void Map(IEndpointRouteBuilder between) => between.MapGet("/campaigns/{id:guid}/counts", HandleAsync);

    private static async Task<IResult> HandleAsync(Guid id, CampaignDirectory directory, Database ledger, TimeProvider time, CancellationToken cancellationToken)
    {
        var row = await ledger.ReadAsync((connection, token) => LedgerCampaigns.FindAsync(connection, null, id, "", token), cancellationToken);
        if (row is null) { return Results.Ok(new GateCounts(0, 0, 0, time.GetUtcNow())); }
        if (row.Archived) { return Results.Ok(new GateCounts(await RowsAsync(id, ledger, cancellationToken), row.Taken, row.Released, time.GetUtcNow())); }
        try
        {
            var campaign = directory.Known(id) ?? directory.Take(row.Document);
            var (status, numbers) = await campaign.Gate.NumbersAsync();
            return status == GateStatus.Answered
                ? Results.Ok(new GateCounts(numbers.Winners - numbers.Unlogged, row.Taken, row.Released, time.GetUtcNow()))
                : Problems.Result(ProblemTypes.Recovering);
        }
        catch (Exception exception) when (exception is RedisException or TimeoutException) { return Problems.Result(ProblemTypes.Unavailable); }
    }

    /// <summary>Claims that the ledger knows, dead letters without a row too.</summary>
    internal static Task<long> RowsAsync(Guid id, Database ledger, CancellationToken cancellationToken) => ledger.ReadAsync(async (connection, token) =>
    {
        await using var command = LedgerValues.LongCommand(
            connection, null,
            "SELECT (SELECT COUNT(*) FROM claim WHERE campaign_id = @id) + (SELECT COUNT(*) FROM dead_letter WHERE campaign_id = @id AND has_row = 0 AND state <> 2)", ("@id", LedgerValues.Id(id)));
        return Convert.ToInt64(await command.ExecuteScalarAsync(token), CultureInfo.InvariantCulture);
    }, cancellationToken);
}
