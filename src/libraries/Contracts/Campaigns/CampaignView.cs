using System.Text.Json.Serialization;

namespace FirstCome.Contracts.Campaigns;

/// <summary>
/// A campaign as callers of the API see it. Its ETag is <see cref="Campaign.Version"/>: it guards what operators change. What moves by itself is not covered by it:
/// <see cref="State"/>, which follows the clock, and <see cref="Counts"/>; so an answer may differ from an earlier one with the same ETag in these two.
/// </summary>
/// <param name="State">As at the moment of the answer.</param>
/// <param name="Group">Null where it belongs to no group.</param>
/// <param name="Counts">Live numbers, where the answer carries them.</param>
public sealed record CampaignView(
    Guid Id, CampaignState State, LocalizedText Name, LocalizedText Description, int Quota, int PerMember,
    DateTimeOffset OpensAt, DateTimeOffset ClosesAt, string TimeZone, Benefit Benefit, Validity Validity,
    IReadOnlyList<AudienceCondition> Audience, [property: JsonIgnore(Condition = JsonIgnoreCondition.Never)] string? Group,
    bool Rehearsal, bool ReleaseCancelled, CampaignCounts? Counts = null)
{
    /// <summary>The campaign as it is seen at an instant.</summary>
    public static CampaignView Of(Campaign campaign, DateTimeOffset now, CampaignCounts? counts = null)
    {
        ArgumentNullException.ThrowIfNull(campaign);
        return new(
            campaign.Id, campaign.StateAt(now), campaign.Name, campaign.Description, campaign.Quota, campaign.PerMember, campaign.OpensAt, campaign.ClosesAt, campaign.TimeZone,
            campaign.Benefit, campaign.Validity, campaign.Audience, campaign.Group, campaign.Rehearsal, campaign.ReleaseCancelled, counts);
    }
}
