using System.Text.Json;
using FirstCome.CacheService.Events;
using FirstCome.CacheService.Sources;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;

namespace FirstCome.CacheService.Campaigns;

/// <summary>Takes every change of a campaign as its owner tells it, so that a change is seen long before <see cref="CacheOptions.FreshFor"/> has passed.</summary>
internal sealed class FollowCampaignChanges(
    IEventLog log, CampaignCache campaigns, CampaignLists lists, Feeds feeds, LogHealth health, TimeProvider time, ILogger<FollowCampaignChanges> logger)
    : TopicFollower(Topics.CampaignChanged, log, health, time, logger)
{
    protected override async Task ApplyAsync(ConsumedRecord record, CancellationToken cancellationToken)
    {
        var change = JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.CampaignChanged) ?? throw new JsonException("The record is null.");
        lists.Changed();
        await campaigns.ApplyAsync(new(change.Campaign, record.Timestamp));
        feeds.Changed(change.Campaign.Id);
    }
}
