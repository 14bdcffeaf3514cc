using System.Data.Common;
using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;

namespace FirstCome.Ledger;

/// <summary>A row of <c>campaign</c>.</summary>
public sealed record LedgerCampaign(Guid Id, int Version, Campaign Document, bool Archived, long Quota, long Released, long Taken, int Generation)
{
    /// <summary>Quota and released places together.</summary>
    public long Limit => Quota + Released;
}

/// <summary>Reads and writes rows of <c>campaign</c>.</summary>
public static class LedgerCampaigns
{
    private const string Columns = "campaign_id, version, document, archived, quota, released, taken, generation";

    public static Campaign Parse(string document) =>
        JsonSerializer.Deserialize(document, MessageJson.Default.Campaign) ?? throw new InvalidOperationException("The ledger holds an empty campaign document.");

    public static string Write(Campaign campaign) => JsonSerializer.Serialize(campaign, MessageJson.Default.Campaign);

    /// <summary>The row, or null. Give <c>FOR SHARE</c> or <c>FOR UPDATE</c> of the dialect as <paramref name="lockRow"/> within a transaction.</summary>
    public static async Task<LedgerCampaign?> FindAsync(DbConnection connection, DbTransaction? transaction, Guid id, string lockRow, CancellationToken cancellationToken)
    {
        await using var command = LedgerValues.Command(connection, transaction, $"SELECT {Columns} FROM campaign WHERE campaign_id = @id{lockRow}", ("@id", LedgerValues.Id(id)));
        await using var row = await command.ExecuteReaderAsync(cancellationToken);
        return await row.ReadAsync(cancellationToken)
            ? new LedgerCampaign(LedgerValues.Id(row, 0), row.GetInt32(1), Parse(row.GetString(2)), row.GetInt64(3) != 0, row.GetInt64(4), row.GetInt64(5), row.GetInt64(6), row.GetInt32(7))
            : null;
    }

    /// <summary>Writes what an operator ordered; released, taken and generation stay.</summary>
    public static async Task WriteAsync(DbConnection connection, DbTransaction transaction, Campaign campaign, bool isNew, CancellationToken cancellationToken)
    {
        var sql = isNew
            ? """
              INSERT INTO campaign (campaign_id, version, document, group_name, first_in_group, archived, quota, released, taken, generation)
              VALUES (@id, @version, @document, @group, @first, @archived, @quota, 0, 0, 0)
              """
            : """
              UPDATE campaign SET version = @version, document = @document, group_name = @group, first_in_group = @first, archived = @archived, quota = @quota
              WHERE campaign_id = @id AND version < @version
              """;
        await using var command = LedgerValues.Command(
            connection, transaction, sql, ("@id", LedgerValues.Id(campaign.Id)), ("@version", campaign.Version), ("@document", Write(campaign)), ("@group", campaign.Group),
            ("@first", campaign.Audience.Any(condition => condition.Kind == AudienceCondition.FirstInGroupKind) ? 1 : 0),
            ("@archived", campaign.Phase == CampaignPhase.Archived ? 1 : 0), ("@quota", (long)campaign.Quota));
        await command.ExecuteNonQueryAsync(cancellationToken);
    }
}
