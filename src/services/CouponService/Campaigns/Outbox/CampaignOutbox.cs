using System.Data.Common;
using System.Diagnostics;
using System.Text.Json;
using Dapper;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;

namespace FirstCome.CouponService.Campaigns.Outbox;

/// <summary>
/// Tells the other services of a campaign's present version, on the topic <c>campaign.changed</c>: noted in the transaction that makes the version stand, published after its commit,
/// and by <see cref="OutboxSweep"/> where that did not come to pass. A version may be published twice, and one that was followed by another at once may be left out.
/// </summary>
internal sealed class CampaignOutbox(Database database, IEventLog log, TimeProvider time, ILogger<CampaignOutbox> logger)
{
    private const int BatchMax = 100;

    // The one who noted it publishes it at once; the sweep comes after.
    private static readonly TimeSpan s_grace = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan s_publishMax = TimeSpan.FromSeconds(2);
    private volatile bool _hasTopic;

    /// <summary>Notes that the campaign is to be told.</summary>
    public Task NoteAsync(DbConnection connection, DbTransaction transaction, Campaign campaign, CancellationToken cancellationToken) => connection.ExecuteAsync(new CommandDefinition(
        $"INSERT INTO campaign_outbox (campaign_id, version, due_at) VALUES (@id, @version, @dueAt){database.Dialect.ReplaceExisting(["campaign_id"], ["version", "due_at"])}",
        new { id = CampaignRow.Id(campaign.Id), version = campaign.Version, dueAt = (time.GetUtcNow() + s_grace).ToUnixTimeMilliseconds() },
        transaction, cancellationToken: cancellationToken));

    /// <summary>Publishes what was just noted and committed. Where the log does not take it within two seconds it stays for the sweep.</summary>
    public async Task PublishAsync(Campaign campaign)
    {
        using var limit = new CancellationTokenSource(s_publishMax, time);
        try
        {
            await PublishAsync([campaign], Activity.Current?.Id, limit.Token);
        }
        catch (Exception exception) when (exception is LogUnavailableException or DatabaseUnavailableException or OperationCanceledException)
        {
            CampaignLog.ChangeNotPublished(logger, campaign.Id, campaign.Version, exception.Message);
        }
    }

    /// <summary>Publishes a batch of what was left.</summary>
    /// <returns>Whether there may be more.</returns>
    public async Task<bool> PublishDueAsync(CancellationToken cancellationToken)
    {
        var due = (await database.ReadAsync(
            async (connection, token) => await connection.QueryAsync<string>(new CommandDefinition(
                """
                SELECT campaign.document FROM campaign_outbox JOIN campaign ON campaign.id = campaign_outbox.campaign_id
                WHERE campaign_outbox.due_at <= @now ORDER BY campaign_outbox.due_at LIMIT @max
                """,
                new { now = time.GetUtcNow().ToUnixTimeMilliseconds(), max = BatchMax }, cancellationToken: token)),
            cancellationToken)).Select(CampaignRow.Read).ToList();
        if (due.Count == 0) { return false; }
        await PublishAsync(due, null, cancellationToken);
        CampaignLog.ChangesPublishedLate(logger, due.Count);
        return due.Count == BatchMax;
    }

    private async Task PublishAsync(IReadOnlyList<Campaign> campaigns, string? traceParent, CancellationToken cancellationToken)
    {
        if (!_hasTopic)
        {
            await log.EnsureTopicsAsync([Topics.CampaignChanged], cancellationToken);
            _hasTopic = true;
        }
        var records = campaigns.Select(campaign => new LogRecord(
            campaign.Id.ToString(), JsonSerializer.SerializeToUtf8Bytes(new CampaignChanged(campaign), MessageJson.Default.CampaignChanged), traceParent)).ToList();
        await log.ProduceAsync(Topics.CampaignChanged, records, cancellationToken);
        await database.WriteAsync(
            async (connection, transaction, token) => await connection.ExecuteAsync(new CommandDefinition(
                "DELETE FROM campaign_outbox WHERE campaign_id = @id AND version <= @version",
                campaigns.Select(campaign => new { id = CampaignRow.Id(campaign.Id), version = campaign.Version }), transaction, cancellationToken: token)),
            cancellationToken);
    }
}
