using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.Engines.Database;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Gate;
using FirstCome.Ledger;
using FirstCome.ServiceDefaults;
using StackExchange.Redis;

namespace FirstCome.IssueService.Orders;

/// <summary>
/// <c>POST /internal/campaigns/{id}/releases</c>: a cancelled coupon's place is given out again, counted once by its sequence; the cancelled claim keeps its number for good.
/// The ledger first, then the gate; sent again until both have it.
/// </summary>
internal sealed class ReleasePlace(Database ledger, CampaignDirectory directory, TimeProvider time)
{
    public static void Map(IEndpointRouteBuilder between) =>
        between.MapPost("/campaigns/{id:guid}/releases", async (Guid id, ReleaseOrder order, ReleasePlace release, CancellationToken cancellationToken) =>
        {
            try
            {
                return await release.RunAsync(id, order.Sequence, cancellationToken) switch
                {
                    ReleaseOutcome.Released => Results.NoContent(),
                    ReleaseOutcome.UnknownClaim => Problems.Result(ProblemTypes.NotFound, "The ledger holds no such claim."),
                    _ => Problems.Result(ProblemTypes.Recovering, "The ledger has the release; the gate is not open. Send it again."),
                };
            }
            catch (Exception exception) when (exception is RedisException or TimeoutException) { return Problems.Result(ProblemTypes.Unavailable, "The ledger has the release; the gate did not answer. Send it again."); }
        });

    public async Task<ReleaseOutcome> RunAsync(Guid campaignId, long sequence, CancellationToken cancellationToken)
    {
        var row = await ledger.WriteAsync(async (connection, transaction, token) =>
        {
            var campaign = await LedgerCampaigns.FindAsync(connection, transaction, campaignId, ledger.Dialect.ForUpdate, token);
            if (campaign is null) { return null; }
            await using var insert = LedgerValues.Command(
                connection, transaction,
                $"""
                INSERT INTO released_sequence (campaign_id, sequence, created_at)
                SELECT campaign_id, sequence, @now FROM claim WHERE campaign_id = @id AND sequence = @sequence AND 1 = 1{ledger.Dialect.KeepExisting("released_sequence.sequence")}
                """, ("@id", LedgerValues.Id(campaignId)), ("@sequence", sequence), ("@now", time.GetUtcNow().ToUnixTimeMilliseconds()));
            if (await insert.ExecuteNonQueryAsync(token) == 1)
            {
                await using var count = LedgerValues.Command(connection, transaction, "UPDATE campaign SET released = released + 1 WHERE campaign_id = @id", ("@id", LedgerValues.Id(campaignId)));
                await count.ExecuteNonQueryAsync(token);
                return campaign with { Released = campaign.Released + 1 };
            }
            await using var known = LedgerValues.Command(
                connection, transaction, "SELECT 1 FROM released_sequence WHERE campaign_id = @id AND sequence = @sequence", ("@id", LedgerValues.Id(campaignId)), ("@sequence", sequence));
            return await known.ExecuteScalarAsync(token) is null ? null : campaign;
        }, cancellationToken);
        if (row is null) { return ReleaseOutcome.UnknownClaim; }
        if (row.Archived) { return ReleaseOutcome.Released; }
        var campaign = directory.Known(campaignId) ?? directory.Take(row.Document);
        var (status, _, _) = await campaign.Gate.ConfigureAsync(row.Document, row.Released, refuseBelow: false);
        return status == GateStatus.Answered ? ReleaseOutcome.Released : ReleaseOutcome.GateClosed;
    }
}

internal enum ReleaseOutcome
{
    Released,
    UnknownClaim,
    GateClosed,
}
