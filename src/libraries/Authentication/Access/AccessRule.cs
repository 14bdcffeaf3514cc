using Microsoft.AspNetCore.Builder;

namespace FirstCome.Authentication;

/// <summary>Who may call an endpoint; metadata that <c>UseTokenAuthentication</c> enforces.</summary>
/// <param name="AnyOf">At least one of these roles.</param>
/// <param name="ClaimantOf">The route value that names the campaign for which a rehearsal token is good too; null: rehearsal tokens are refused, unless <paramref name="AnyCampaign"/>.</param>
/// <param name="AnyCampaign">Any rehearsal token is good too; for the edge, behind which the service judges.</param>
public sealed record AccessRule(Role AnyOf, string? ClaimantOf, bool AnyCampaign = false)
{
    /// <summary>Any account.</summary>
    public static readonly AccessRule Member = new(Role.Member, null);

    /// <summary>Any valid token.</summary>
    public static readonly AccessRule Token = new(Role.Member, null, AnyCampaign: true);
}

/// <summary>Puts access rules on endpoints and groups. The innermost wins.</summary>
public static class AccessRules
{
    /// <summary>Any account with a valid token: 401 <c>unauthenticated</c> without, 403 <c>forbidden</c> for rehearsal tokens.</summary>
    public static TBuilder RequireMember<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(AccessRule.Member);

    /// <summary>Any valid token, of a synthetic member too: 401 <c>unauthenticated</c> without. For the gateway, which refuses early and leaves the rest to the services.</summary>
    public static TBuilder RequireToken<TBuilder>(this TBuilder builder) where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(AccessRule.Token);

    /// <summary>An account that has at least one of the roles: 401 without a valid token, 403 otherwise.</summary>
    public static TBuilder RequireRole<TBuilder>(this TBuilder builder, params Role[] anyOf) where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new AccessRule(anyOf.Aggregate(Role.None, static (all, role) => all | role), null));

    /// <summary>Any account, or a synthetic member whose token is for the campaign in the route value <paramref name="campaignRouteValue"/>.</summary>
    public static TBuilder RequireClaimant<TBuilder>(this TBuilder builder, string campaignRouteValue) where TBuilder : IEndpointConventionBuilder =>
        builder.WithMetadata(new AccessRule(Role.Member, campaignRouteValue));
}
