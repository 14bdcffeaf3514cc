using System.Text.Json.Serialization;

namespace FirstCome.CouponService.Campaigns;

/// <summary>What was done to a campaign, as its history tells it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CampaignAction>))]
internal enum CampaignAction
{
    [JsonStringEnumMemberName("create")] Create,
    [JsonStringEnumMemberName("change")] Change,
    [JsonStringEnumMemberName("schedule")] Schedule,
    [JsonStringEnumMemberName("pause")] Pause,
    [JsonStringEnumMemberName("resume")] Resume,
    [JsonStringEnumMemberName("close")] Close,
    [JsonStringEnumMemberName("archive")] Archive,
    [JsonStringEnumMemberName("replaceAudience")] ReplaceAudience,
    /// <summary>The gate refused a change after an earlier order for it had gone unanswered: the former values were sent again, under a newer version.</summary>
    [JsonStringEnumMemberName("revoke")] Revoke,
}
