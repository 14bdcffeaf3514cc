namespace FirstCome.Contracts.Messages;

/// <summary>A topic of the log: its name, number of partitions, and how long records stay (null: for ever).</summary>
public sealed record Topic(string Name, int Partitions, TimeSpan? Retention);

/// <summary>Every topic. Message types stand in this folder; values are JSON in camelCase, UTF-8 (<see cref="MessageJson"/>).</summary>
public static class Topics
{
    /// <summary>IssueService → IssueWorker, group <c>issue-worker</c>: accepted claims, <see cref="ClaimAccepted"/>. Key: one for a few claims of a batch, another for the next, so that one campaign uses all partitions; readers rely on no order.</summary>
    public static readonly Topic CouponClaims = new("coupon.claims", 6, TimeSpan.FromDays(14));

    /// <summary>IssueWorker → CouponService, group <c>coupon-service</c>; CacheService broadcasts: <see cref="CouponIssued"/>. Key: as above.</summary>
    public static readonly Topic CouponIssued = new("coupon.issued", 6, TimeSpan.FromDays(14));

    /// <summary>IssueWorker and IssueService → CacheService: a claim went under review or was rejected, <see cref="ClaimReviewed"/>. Key: member id.</summary>
    public static readonly Topic ClaimReviewed = new("claim.reviewed", 1, TimeSpan.FromDays(14));

    /// <summary>CouponService → every instance of IssueService and CacheService: <see cref="CampaignChanged"/>. Key: campaign id.</summary>
    public static readonly Topic CampaignChanged = new("campaign.changed", 1, TimeSpan.FromDays(1));

    /// <summary>UserService → every instance of every service: <see cref="MemberChanged"/>. Key: member id. Kept longer than the longest-lived token.</summary>
    public static readonly Topic MemberChanged = new("member.changed", 1, TimeSpan.FromDays(1));

    public static readonly IReadOnlyList<Topic> All = [CouponClaims, CouponIssued, ClaimReviewed, CampaignChanged, MemberChanged];
}
