using System.Text.Json;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;

namespace FirstCome.IssueService.Campaigns;

/// <summary>Takes every change of a campaign from <c>campaign.changed</c>, at each instance.</summary>
internal sealed class CampaignEvents(IEventLog log, CampaignDirectory directory, TimeProvider time, ILogger<CampaignEvents> logger) : BackgroundService
{
    private const int BatchMax = 100;
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan s_retry = TimeSpan.FromSeconds(1);

    // What was changed while this instance started is in the ledger or asked for; an hour covers the time between, also where this machine's clock is ahead of the log's. Changes are few.
    private static readonly TimeSpan s_overlap = TimeSpan.FromHours(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await using var reader = log.Subscribe(new LogSubscription(Topics.CampaignChanged, null, new LogStart.Since(time.GetUtcNow() - s_overlap)));
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                foreach (var record in await reader.ReadAsync(BatchMax, s_wait, stoppingToken)) { Take(record); }
            }
            catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
            {
                CampaignsLog.EventsUnavailable(logger, exception);
                await Task.Delay(s_retry, time, stoppingToken);
            }
        }
    }

    private void Take(ConsumedRecord record)
    {
        try
        {
            if (JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.CampaignChanged) is { } changed) { directory.Take(changed.Campaign); }
        }
        catch (JsonException exception) { CampaignsLog.EventMalformed(logger, record.Position.Offset, exception); }
    }
}

internal static partial class CampaignsLog
{
    [LoggerMessage(EventId = 1101, Level = LogLevel.Warning, Message = "Changes of campaigns cannot be read; snapshots may be old.")]
    public static partial void EventsUnavailable(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 1102, Level = LogLevel.Error, Message = "The change of a campaign at offset {Offset} cannot be read and is passed over.")]
    public static partial void EventMalformed(ILogger logger, long offset, Exception exception);
}
