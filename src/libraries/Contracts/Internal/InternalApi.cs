using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Claims;

namespace FirstCome.Contracts.Internal;

/// <summary>
/// The APIs between services. Their paths begin with <c>/internal</c>, which the gateway never routes; each call carries the service key
/// (header <see cref="ServiceKeyHeader"/>), so a caller on the same network without it gets 401. JSON as in <see cref="Messages.MessageJson"/>.
/// <list type="bullet">
/// <item>CouponService <c>GET /internal/campaigns/{id}</c> → <see cref="Campaign"/> (drafts too) or 404.</item>
/// <item>CouponService <c>GET /internal/campaigns?state=&amp;query=&amp;limit=&amp;after=&amp;drafts=&amp;rehearsals=</c> → <see cref="CampaignPage"/>, newest window first.</item>
/// <item>CouponService <c>GET /internal/campaigns/{id}/audience/members</c> → <c>application/octet-stream</c>: member ids, 16 bytes big-endian each, ascending; ETag is the list's version.</item>
/// <item>CouponService <c>GET /internal/campaigns/{id}/coupons/summary</c> → <see cref="CouponSummary"/>; <c>GET /internal/campaigns/{id}/coupons?sequence=</c> → <see cref="CouponTrace"/> or 404.</item>
/// <item>CouponService <c>GET /internal/campaigns/{id}/coupons/range?above=&amp;through=</c> → <see cref="CouponRange"/>, at most <see cref="RangeMax"/> numbers.</item>
/// <item>IssueService <c>PUT /internal/campaigns/{id}/gate</c> <see cref="GateOrder"/> → 200 <see cref="GateOrderResult"/> once ledger and gate have it; 409 quota-below-issued; 503.</item>
/// <item>IssueService <c>POST /internal/campaigns/{id}/releases</c> <see cref="ReleaseOrder"/> → 204, counted once by its sequence; 503.</item>
/// <item>IssueService <c>GET /internal/campaigns/{id}/counts</c> → <see cref="GateCounts"/>; 503 while it cannot be known.</item>
/// <item>IssueService <c>GET /internal/campaigns/{id}/claims/{memberId}</c> → <see cref="ClaimList"/> (may be empty); 503 while it cannot be known.</item>
/// <item>UserService <c>POST /internal/users/resolve</c> <see cref="ResolveMembers"/> → <see cref="ResolvedMembers"/>.</item>
/// </list>
/// </summary>
public static class InternalApi
{
    /// <summary>The header that carries the key shared by the services (<c>Service:Key</c>).</summary>
    public const string ServiceKeyHeader = "X-Service-Key";

    /// <summary>The header by which the gateway says that it has verified the access token's signature: 43 characters of base64url, an HMAC over the token's hash. Requests from outside lose it.</summary>
    public const string TokenVoucherHeader = "X-Token-Voucher";

    /// <summary>How many emails or ids one <see cref="ResolveMembers"/> may name.</summary>
    public const int ResolveMembersMax = 1_000;

    /// <summary>How many sequence numbers one question for a <see cref="CouponRange"/> may span.</summary>
    public const int RangeMax = 5_000;
}

/// <summary>A page of campaigns; <paramref name="Next"/> is opaque, null at the end.</summary>
public sealed record CampaignPage(IReadOnlyList<Campaign> Items, string? Next);

/// <summary>What the gate must know of a campaign; applied to ledger and gate before the operator's request is answered. Older versions are ignored (and answered 200).</summary>
public sealed record GateOrder(Campaign Campaign);

/// <param name="Accepted">What the gate had given out when it took the order, for the problem's detail when a quota is refused.</param>
public sealed record GateOrderResult(int Version, long Accepted);

/// <summary>A cancelled coupon gives its place back.</summary>
public sealed record ReleaseOrder(long Sequence);

/// <summary>Numbers of gate and ledger; CacheService makes <see cref="CampaignCounts"/> of them.</summary>
public sealed record GateCounts(long Accepted, long Issued, long Released, DateTimeOffset AsOf);

/// <summary>How many coupons CouponService holds of a campaign, by state.</summary>
public sealed record CouponSummary(long Issued, long Used, long Cancelled, long Expired);

/// <summary>The coupons of a range of sequence numbers, in their order, whatever their state.</summary>
/// <param name="Highest">The highest sequence of all coupons of the campaign; 0 where there is none.</param>
public sealed record CouponRange(long Highest, IReadOnlyList<CouponOfClaim> Coupons);

/// <summary>What a coupon and its row of the ledger have in common.</summary>
public sealed record CouponOfClaim(long Sequence, Guid MemberId, int Nth, string Code);

/// <summary>What became of a sequence's coupon, for a claim's life.</summary>
public sealed record CouponTrace(string Code, string State, DateTimeOffset MadeAt, DateTimeOffset ExpiresAt, DateTimeOffset? UsedAt, DateTimeOffset? CancelledAt);

/// <summary>Which of these are members? At most <see cref="InternalApi.ResolveMembersMax"/> in both lists together.</summary>
public sealed record ResolveMembers(IReadOnlyList<string>? Emails = null, IReadOnlyList<Guid>? Ids = null);

/// <summary>In the order asked; null for who is unknown.</summary>
public sealed record ResolvedMembers(IReadOnlyList<Guid?> Emails, IReadOnlyList<bool> Ids);
