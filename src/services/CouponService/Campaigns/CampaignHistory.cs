using System.Data.Common;
using Dapper;
using FirstCome.Contracts.Campaigns;

namespace FirstCome.CouponService.Campaigns;

/// <summary>Writes the audit: one row for each version that ever stood, in the transaction that makes it stand.</summary>
internal static class CampaignHistory
{
    /// <param name="actor">The operator.</param>
    /// <param name="orderedAt">When the operator asked for it.</param>
    /// <param name="appliedAt">When it became true; later than ordered where the gate was away.</param>
    public static Task WriteAsync(
        DbConnection connection, DbTransaction transaction, Campaign campaign, CampaignAction action, Guid actor, DateTimeOffset orderedAt, DateTimeOffset appliedAt, CancellationToken cancellationToken)
    {
        var id = CampaignRow.Id(campaign.Id);
        return connection.ExecuteAsync(new CommandDefinition(
            """
            INSERT INTO campaign_history (campaign_id, version, action, actor_id, ordered_at, applied_at, audience_members, document)
            VALUES (@id, @version, @action, @actor, @orderedAt, @appliedAt,
                CASE WHEN @isList THEN (SELECT members FROM audience_list WHERE campaign_id = @id AND version = @list) END, @document)
            """,
            new
            {
                id,
                version = campaign.Version,
                action = action.ToString(),
                actor = CampaignRow.Id(actor),
                orderedAt = orderedAt.ToUnixTimeMilliseconds(),
                appliedAt = appliedAt.ToUnixTimeMilliseconds(),
                isList = action is CampaignAction.ReplaceAudience,
                list = campaign.AudienceListVersion,
                document = CampaignRow.Write(campaign),
            },
            transaction, cancellationToken: cancellationToken));
    }

    /// <summary>Whether this version has ever stood.</summary>
    public static async Task<bool> HasAsync(DbConnection connection, DbTransaction transaction, Campaign campaign, CancellationToken cancellationToken) =>
        await connection.ExecuteScalarAsync<long>(new CommandDefinition(
            "SELECT COUNT(*) FROM campaign_history WHERE campaign_id = @id AND version = @version",
            new { id = CampaignRow.Id(campaign.Id), version = campaign.Version }, transaction, cancellationToken: cancellationToken)) > 0;
}
