using Dapper;
using FirstCome.CouponService.Campaigns;
using FirstCome.CouponService.Sweeps;
using FirstCome.Engines.Database;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Audience;

/// <summary>Removes lists that another one replaced, and what is left of uploads that were broken off; some time after, for those who are reading them still.</summary>
internal sealed class UnusedListSweep(Database database, IOptions<CampaignOptions> options, TimeProvider time, ILogger<UnusedListSweep> logger)
    : Sweep("audience-lists", s_interval, time, logger)
{
    private const int BatchMax = 8;
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(5);
    private readonly TimeProvider _time = time;

    protected override async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        var before = (_time.GetUtcNow() - options.Value.UnusedListRetention).ToUnixTimeMilliseconds();
        var unused = (await database.ReadAsync(
            (connection, token) => connection.QueryAsync<(byte[] Id, long Version)>(new CommandDefinition(
                """
                SELECT campaign_id, version FROM audience_list
                WHERE state <> @removed AND unused_since < @before
                  AND NOT EXISTS (SELECT 1 FROM campaign WHERE campaign.id = audience_list.campaign_id AND campaign.audience_list_version = audience_list.version)
                  AND NOT EXISTS (SELECT 1 FROM campaign_change WHERE campaign_change.campaign_id = audience_list.campaign_id AND campaign_change.audience_list_version = audience_list.version)
                ORDER BY unused_since LIMIT @max
                """,
                new { removed = AudienceLists.Removed, before, max = BatchMax }, cancellationToken: token)),
            cancellationToken)).ToList();
        var removed = 0;
        foreach (var (id, version) in unused) { removed += await RemoveAsync(id, version, before, cancellationToken) ? 1 : 0; }
        if (removed > 0) { AudienceLog.UnusedListsRemoved(logger, removed); }
        return unused.Count == BatchMax;
    }

    // A list has 250 chunks at most. Whether it is still unused is asked again, in the transaction that removes it.
    private Task<bool> RemoveAsync(byte[] id, long version, long before, CancellationToken cancellationToken) => database.WriteAsync(
        async (connection, transaction, token) =>
        {
            var parameters = new { id, version, before, removed = AudienceLists.Removed };
            var marked = await connection.ExecuteAsync(new CommandDefinition(
                """
                UPDATE audience_list SET state = @removed
                WHERE campaign_id = @id AND version = @version AND unused_since < @before
                  AND NOT EXISTS (SELECT 1 FROM campaign WHERE campaign.id = @id AND campaign.audience_list_version = @version)
                  AND NOT EXISTS (SELECT 1 FROM campaign_change WHERE campaign_change.campaign_id = @id AND campaign_change.audience_list_version = @version)
                """,
                parameters, transaction, cancellationToken: token));
            if (marked == 0) { return false; }
            await connection.ExecuteAsync(new CommandDefinition("DELETE FROM audience_chunk WHERE campaign_id = @id AND version = @version", parameters, transaction, cancellationToken: token));
            return true;
        },
        cancellationToken);
}
