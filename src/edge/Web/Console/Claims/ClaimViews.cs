using FirstCome.Contracts.Claims;

namespace FirstCome.Web.Console.Claims;

internal sealed record FoundClaim(string Stage, Claim Claim);

internal sealed record FoundClaims(string Gate, IReadOnlyList<FoundClaim> Items);

internal sealed record FoundMember(Guid Id, string Email, string DisplayName, DateTimeOffset MemberSince, bool Locked);

internal sealed record FoundCoupon(string Code, Guid CampaignId, Guid MemberId, string State);

public sealed record LifeStep(string What, DateTimeOffset? At, string Detail);

public sealed record LifeView(long Sequence, Claim? Claim, IReadOnlyList<LifeStep> Events);

internal sealed record GapView(long Sequence, int Generation, string Reason);
