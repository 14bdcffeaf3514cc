using System.Data.Common;
using System.Text.Json;
using Dapper;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;

namespace FirstCome.CouponService.Campaigns;

/// <summary>A row of <c>campaign</c>.</summary>
/// <param name="LastVersion">The highest version that any change was ever given.</param>
internal sealed record CampaignRow(Campaign Campaign, int LastVersion)
{
    /// <summary>The campaign, or null; <paramref name="dialect"/> where its row is to be locked until the transaction ends.</summary>
    public static async Task<CampaignRow?> FindAsync(DbConnection connection, Guid id, CancellationToken cancellationToken, DbTransaction? transaction = null, SqlDialect? dialect = null)
    {
        var (document, lastVersion) = await connection.QueryFirstOrDefaultAsync<(string?, long)>(new CommandDefinition(
            $"SELECT document, last_version FROM campaign WHERE id = @id{dialect?.ForUpdate}", new { id = Id(id) }, transaction, cancellationToken: cancellationToken));
        return document is null ? null : new CampaignRow(Read(document), (int)lastVersion);
    }

    /// <summary>Writes a new campaign.</summary>
    public static Task InsertAsync(DbConnection connection, DbTransaction transaction, Campaign campaign, CancellationToken cancellationToken) => connection.ExecuteAsync(new CommandDefinition(
        """
        INSERT INTO campaign (id, version, last_version, phase, rehearsal, opens_at, closes_at, names, audience_list_version, document)
        VALUES (@id, @version, @version, @phase, @rehearsal, @opensAt, @closesAt, @names, @audienceListVersion, @document)
        """,
        Columns(campaign), transaction, cancellationToken: cancellationToken));

    /// <summary>Writes a later version over the one that stands, <paramref name="former"/>.</summary>
    public static async Task UpdateAsync(DbConnection connection, DbTransaction transaction, Campaign campaign, int former, CancellationToken cancellationToken)
    {
        var columns = new DynamicParameters(Columns(campaign));
        columns.Add("former", former);
        var updated = await connection.ExecuteAsync(new CommandDefinition(
            """
            UPDATE campaign SET version = @version, last_version = CASE WHEN last_version < @version THEN @version ELSE last_version END, phase = @phase, rehearsal = @rehearsal,
                opens_at = @opensAt, closes_at = @closesAt, names = @names, audience_list_version = @audienceListVersion, document = @document
            WHERE id = @id AND version = @former
            """,
            columns, transaction, cancellationToken: cancellationToken));
        if (updated != 1) { throw new InvalidOperationException($"Version {former} of campaign {campaign.Id} should stand, but does not."); }
    }

    /// <summary>An id as the database keeps it.</summary>
    public static byte[] Id(Guid id) => id.ToByteArray(bigEndian: true);

    /// <summary>An id that the database kept.</summary>
    public static Guid Id(byte[] bytes) => new(bytes, bigEndian: true);

    public static string Write(Campaign campaign) => JsonSerializer.Serialize(campaign, MessageJson.Default.Campaign);

    public static Campaign Read(string document) =>
        JsonSerializer.Deserialize(document, MessageJson.Default.Campaign) ?? throw new InvalidOperationException("A campaign's document is null.");

    /// <summary>A phase's name in the database.</summary>
    public static string Name(CampaignPhase phase) => phase.ToString().ToLowerInvariant();

    /// <summary>Texts to search in, and what is searched for, without the difference of case.</summary>
    public static string Fold(string text) => text.ToLowerInvariant();

    private static object Columns(Campaign campaign) => new
    {
        id = Id(campaign.Id),
        version = campaign.Version,
        phase = Name(campaign.Phase),
        rehearsal = campaign.Rehearsal,
        opensAt = campaign.OpensAt.ToUnixTimeMilliseconds(),
        closesAt = campaign.ClosesAt.ToUnixTimeMilliseconds(),
        names = Fold($"{campaign.Name.Ko}\n{campaign.Name.En}"),
        audienceListVersion = campaign.AudienceListVersion,
        document = Write(campaign),
    };
}
