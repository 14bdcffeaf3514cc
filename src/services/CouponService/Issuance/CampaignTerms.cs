using System.Data.Common;
using System.Text.Json;
using Dapper;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.CouponService.Campaigns;
using FirstCome.Engines.Database;

namespace FirstCome.CouponService.Issuance;

/// <summary>What a campaign's coupons are worth and how long, as it stands when they are made.</summary>
internal sealed record CampaignTerms(int Version, Validity Validity, TimeZoneInfo Zone)
{
    /// <summary>Reads the campaign and keeps its terms under its version, for the coupons that name it; null where there is no such campaign.</summary>
    public static async Task<CampaignTerms?> ReadAsync(
        DbConnection connection, DbTransaction transaction, SqlDialect dialect, Guid campaignId, CancellationToken cancellationToken)
    {
        if (await CampaignRow.FindAsync(connection, campaignId, cancellationToken, transaction) is not { Campaign: var campaign }) { return null; }
        var parameters = new
        {
            id = CampaignRow.Id(campaignId),
            version = campaign.Version,
            benefit = JsonSerializer.Serialize(campaign.Benefit, MessageJson.Default.Benefit),
            rehearsal = campaign.Rehearsal,
        };
        await connection.ExecuteAsync(new CommandDefinition(
            $"""
            INSERT INTO coupon_terms (campaign_id, version, benefit, rehearsal)
            VALUES (@id, @version, @benefit, @rehearsal){dialect.KeepExisting("version")}
            """,
            parameters, transaction, cancellationToken: cancellationToken));
        return new CampaignTerms(campaign.Version, campaign.Validity, TimeZoneInfo.FindSystemTimeZoneById(campaign.TimeZone));
    }
}
