using System.Text.Json.Serialization;

namespace FirstCome.Contracts.Claims;

/// <summary>A claim's state: accepted → issued, or underReview (a dead letter) → issued or rejected.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ClaimState>))]
public enum ClaimState
{
    [JsonStringEnumMemberName("accepted")] Accepted,
    [JsonStringEnumMemberName("issued")] Issued,
    [JsonStringEnumMemberName("underReview")] UnderReview,
    [JsonStringEnumMemberName("rejected")] Rejected,
}

/// <summary>A claim as callers see it.</summary>
/// <param name="Nth">Which of the member's claims on this campaign, from 1.</param>
/// <param name="Sequence">The place in the order of acceptance, from 1; may exceed the quota after releases and voids.</param>
/// <param name="AcceptedAt">The gate's clock at acceptance; never decreases within a campaign.</param>
/// <param name="IssuedAt">When the ledger's row was written; null before.</param>
/// <param name="CouponCode">The coupon's code, once issued.</param>
/// <param name="Reason">Why it is under review or rejected.</param>
public sealed record Claim(
    Guid CampaignId, Guid MemberId, int Nth, long Sequence, ClaimState State, DateTimeOffset AcceptedAt,
    DateTimeOffset? IssuedAt = null, string? CouponCode = null, string? Reason = null);

/// <summary>The answer of <c>GET …/claims/me</c>.</summary>
public sealed record ClaimList(IReadOnlyList<Claim> Items);
