using System.Text.Json;
using FirstCome.CacheService.Sources;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;

namespace FirstCome.CacheService.Events;

/// <summary>Tells a member who has a stream open that the coupon is there.</summary>
internal sealed class FollowIssuedCoupons(IEventLog log, Feeds feeds, LogHealth health, TimeProvider time, ILogger<FollowIssuedCoupons> logger)
    : TopicFollower(Topics.CouponIssued, log, health, time, logger)
{
    protected override Task ApplyAsync(ConsumedRecord record, CancellationToken cancellationToken)
    {
        // The record's key names nobody: neighbours of a batch share one.
        if (!feeds.AnyMember) { return Task.CompletedTask; }
        var issued = JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.CouponIssued) ?? throw new JsonException("The record is null.");
        var claim = new Claim(issued.CampaignId, issued.MemberId, issued.Nth, issued.Sequence, ClaimState.Issued, issued.AcceptedAt, issued.IssuedAt, issued.Code);
        foreach (var watcher in feeds.Of(issued.MemberId, issued.CampaignId))
        {
            if (watcher.Pending.OfferClaim(claim)) { watcher.Wake(); }
        }
        return Task.CompletedTask;
    }
}

/// <summary>Looks again at the claims of a member whose claim went under review or was rejected: the message does not carry the whole claim.</summary>
internal sealed class FollowReviewedClaims(IEventLog log, Feeds feeds, LogHealth health, TimeProvider time, ILogger<FollowReviewedClaims> logger)
    : TopicFollower(Topics.ClaimReviewed, log, health, time, logger)
{
    protected override Task ApplyAsync(ConsumedRecord record, CancellationToken cancellationToken)
    {
        var reviewed = JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.ClaimReviewed) ?? throw new JsonException("The record is null.");
        foreach (var watcher in feeds.Of(reviewed.MemberId, reviewed.CampaignId))
        {
            watcher.LookUpClaimsAt(DateTimeOffset.MinValue);
            watcher.Wake();
        }
        return Task.CompletedTask;
    }
}
