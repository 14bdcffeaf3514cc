using System.Text.Json.Serialization;

namespace FirstCome.Contracts.Campaigns;

/// <summary>A text in both languages of the platform; each 1 to 200 characters for names, up to 4,000 for descriptions.</summary>
public sealed record LocalizedText(string Ko, string En);

/// <summary>An amount of money in the currency's minor unit (won for KRW, cents for USD); never a fraction.</summary>
/// <param name="Currency">ISO 4217 code, three upper-case letters.</param>
/// <param name="Minor">The amount in minor units.</param>
public sealed record Money(string Currency, long Minor);

/// <summary>Where a campaign stands. Scheduled, open and closed are decided by the window at the moment of asking, not by a sweep.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CampaignState>))]
public enum CampaignState
{
    [JsonStringEnumMemberName("draft")] Draft,
    [JsonStringEnumMemberName("scheduled")] Scheduled,
    [JsonStringEnumMemberName("open")] Open,
    [JsonStringEnumMemberName("paused")] Paused,
    [JsonStringEnumMemberName("closed")] Closed,
    [JsonStringEnumMemberName("archived")] Archived,
}

/// <summary>What an operator has ordered, independent of the clock. <see cref="Campaign.StateAt"/> combines it with the window.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CampaignPhase>))]
public enum CampaignPhase
{
    /// <summary>Not yet scheduled: no gate, visible to operators only.</summary>
    [JsonStringEnumMemberName("draft")] Draft,
    /// <summary>Scheduled and not stopped: the window decides between scheduled, open and closed.</summary>
    [JsonStringEnumMemberName("active")] Active,
    /// <summary>Paused by an operator; after the window's end it is closed all the same.</summary>
    [JsonStringEnumMemberName("paused")] Paused,
    /// <summary>Closed by an operator before the window's end.</summary>
    [JsonStringEnumMemberName("closed")] Closed,
    /// <summary>Archived: no gate; repeats are answered from the ledger.</summary>
    [JsonStringEnumMemberName("archived")] Archived,
}

/// <summary>What a coupon is worth. One of <c>amount</c>, <c>percent</c>, <c>freeShipping</c>, <c>gift</c>.</summary>
/// <param name="Kind">The kind, as in the API.</param>
/// <param name="Amount">For <c>amount</c>: the fixed discount.</param>
/// <param name="Percent">For <c>percent</c>: 1 to 100.</param>
/// <param name="Cap">For <c>percent</c>: the highest discount, or none.</param>
/// <param name="Name">For <c>gift</c>: what is given.</param>
/// <param name="MinimumOrder">The smallest order it applies to, or none.</param>
public sealed record Benefit(string Kind, Money? Amount = null, int? Percent = null, Money? Cap = null, LocalizedText? Name = null, Money? MinimumOrder = null)
{
    public const string AmountKind = "amount", PercentKind = "percent", FreeShippingKind = "freeShipping", GiftKind = "gift";
}

/// <summary>How long a coupon is good for: until an instant, or until the end of the n-th day after issue in the campaign's time zone. Exactly one is set.</summary>
public sealed record Validity(DateTimeOffset? Until = null, int? Days = null);

/// <summary>One condition on who may claim; all of a campaign's must hold.</summary>
/// <param name="Kind">One of <c>grade</c>, <c>memberSince</c>, <c>tag</c>, <c>birthMonth</c>, <c>list</c>, <c>firstInGroup</c>.</param>
/// <param name="AnyOf">For <c>grade</c> and <c>tag</c>: at least one must match.</param>
/// <param name="NoneOf">For <c>tag</c>: none may match.</param>
/// <param name="Before">For <c>memberSince</c>: member since before this instant.</param>
/// <param name="After">For <c>memberSince</c>: member since this instant or later.</param>
public sealed record AudienceCondition(
    string Kind, IReadOnlyList<string>? AnyOf = null, IReadOnlyList<string>? NoneOf = null, DateTimeOffset? Before = null, DateTimeOffset? After = null)
{
    public const string GradeKind = "grade", MemberSinceKind = "memberSince", TagKind = "tag", BirthMonthKind = "birthMonth", ListKind = "list", FirstInGroupKind = "firstInGroup";
}

/// <summary>
/// A campaign as its owner, CouponService, knows it; sent to the other services as it stands here. The API's face adds <c>state</c> and <c>counts</c>
/// and leaves out <see cref="Version"/> (it is the ETag), <see cref="Phase"/> and <see cref="AudienceListVersion"/>.
/// </summary>
/// <param name="Id">UUIDv7.</param>
/// <param name="Version">Counts changes, from 1; a gate ignores anything older than what it has.</param>
/// <param name="Quota">How many coupons there are, 1 to 10,000,000; released places come on top.</param>
/// <param name="PerMember">How many one member may hold, 1 to 100.</param>
/// <param name="OpensAt">The first instant of the window.</param>
/// <param name="ClosesAt">The first instant after the window.</param>
/// <param name="TimeZone">IANA name, for <c>days</c> and <c>birthMonth</c>.</param>
/// <param name="Group">Campaigns of one group share a hash slot and the <c>firstInGroup</c> condition; 1 to 64 characters of <c>a-z0-9-</c>.</param>
/// <param name="Rehearsal">Hidden from real members; its coupons cannot be redeemed.</param>
/// <param name="ReleaseCancelled">Whether a cancelled coupon's place is given out again.</param>
/// <param name="AudienceListVersion">Counts replacements of the uploaded list of members; 0: none was uploaded.</param>
public sealed record Campaign(
    Guid Id, int Version, CampaignPhase Phase, LocalizedText Name, LocalizedText Description, int Quota, int PerMember,
    DateTimeOffset OpensAt, DateTimeOffset ClosesAt, string TimeZone, Benefit Benefit, Validity Validity,
    IReadOnlyList<AudienceCondition> Audience, string? Group, bool Rehearsal, bool ReleaseCancelled, int AudienceListVersion,
    DateTimeOffset CreatedAt, DateTimeOffset UpdatedAt)
{
    /// <summary>The state that callers see at an instant: the operator's order, cut by the window.</summary>
    public CampaignState StateAt(DateTimeOffset now) => Phase switch
    {
        CampaignPhase.Draft => CampaignState.Draft,
        CampaignPhase.Archived => CampaignState.Archived,
        CampaignPhase.Closed => CampaignState.Closed,
        _ when now >= ClosesAt => CampaignState.Closed,
        CampaignPhase.Paused => CampaignState.Paused,
        _ when now < OpensAt => CampaignState.Scheduled,
        _ => CampaignState.Open,
    };
}

/// <summary>Live numbers of a campaign. <c>remaining = quota + released − accepted</c>, by definition.</summary>
/// <param name="Accepted">Claims that carry the log's mark, and rows of the ledger; never bare reservations.</param>
/// <param name="Issued">Rows of the ledger in state issued.</param>
/// <param name="Released">Cancelled coupons whose place was given back.</param>
public sealed record CampaignCounts(CampaignState State, int Quota, long Accepted, long Issued, long Released, long Remaining, DateTimeOffset AsOf);
