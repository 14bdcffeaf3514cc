using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Http;

namespace FirstCome.Authentication;

/// <summary>
/// Asked when it is known whether a request's token is valid, before anything is refused for it. Null: go on; otherwise the request has been answered. Must not block; see <c>UseTokenAuthentication</c>.
/// </summary>
/// <param name="caller">The caller, or null where there is no valid token.</param>
public delegate Task? Admission(HttpContext context, Caller? caller);

/// <summary>
/// Finds out who calls and refuses who may not, by the endpoint's <see cref="AccessRule"/>. Endpoints without a rule are open to everybody; there a token that is not valid counts as none.
/// A remembered token costs a hash and two look-ups and completes synchronously.
/// </summary>
/// <param name="vouches">Says to the services to which a request is sent on, by <see cref="InternalApi.TokenVoucherHeader"/>, that its token's signature was verified here; believes no such word itself.</param>
internal sealed class TokenAuthenticationMiddleware(RequestDelegate next, TokenValidator validator, TokenVouchers vouchers, Admission admission, bool vouches)
{
    private const string Scheme = "Bearer ";

    public Task InvokeAsync(HttpContext context)
    {
        var rule = context.GetEndpoint()?.Metadata.GetMetadata<AccessRule>();
        if (vouches) { context.Request.Headers.Remove(InternalApi.TokenVoucherHeader); }
        var authorization = context.Request.Headers.Authorization;
        if (authorization.Count == 0) { return admission(context, null) ?? (rule is null ? next(context) : ChallengeAsync(context, null)); }
        var header = authorization.Count == 1 ? authorization[0] : null;
        if (header is null || !header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase))
        {
            return admission(context, null) ?? (rule is null ? next(context) : ChallengeAsync(context, "Send one Authorization header of the form: Bearer, a space, the access token."));
        }
        var validation = validator.ValidateAsync(header.AsMemory(Scheme.Length), vouches ? null : (string?)context.Request.Headers[InternalApi.TokenVoucherHeader], context.RequestAborted);
        return validation.IsCompletedSuccessfully ? JudgeAsync(context, rule, validation.Result) : AwaitedAsync(context, rule, validation);
    }

    private async Task AwaitedAsync(HttpContext context, AccessRule? rule, ValueTask<TokenVerdict> validation) => await JudgeAsync(context, rule, await validation);

    private Task JudgeAsync(HttpContext context, AccessRule? rule, TokenVerdict verdict)
    {
        if (admission(context, verdict.Caller) is { } answered) { return answered; }
        if (verdict.Caller is not { } caller)
        {
            if (rule is null) { return next(context); }
            return verdict.Refusal == TokenRefusal.KeysAway
                ? Problems.WriteAsync(context, ProblemTypes.Unavailable, "The keys to check tokens with cannot be had at the moment.")
                : ChallengeAsync(context, verdict.Refusal.WhatToDo());
        }
        context.Features.Set(caller);
        if (vouches) { context.Request.Headers[InternalApi.TokenVoucherHeader] = vouchers.Of(verdict.Token); }
        if (rule is null) { return next(context); }
        if (caller.RehearsalCampaign is { } campaign && !rule.AnyCampaign && !IsFor(campaign, rule, context))
        {
            return ForbidAsync(context, "A rehearsal token is good for claims on its own campaign only.");
        }
        return caller.HasAny(rule.AnyOf) ? next(context) : ForbidAsync(context, $"This needs one of the roles: {string.Join(", ", Roles.Names(rule.AnyOf))}.");
    }

    private static bool IsFor(Guid campaign, AccessRule rule, HttpContext context) =>
        rule.ClaimantOf is { } routeValue && Guid.TryParse(context.Request.RouteValues[routeValue] as string, out var asked) && asked == campaign;

    private static Task ChallengeAsync(HttpContext context, string? whatToDo)
    {
        context.Response.Headers.WWWAuthenticate = whatToDo is null ? "Bearer realm=\"firstcome\"" : "Bearer realm=\"firstcome\", error=\"invalid_token\"";
        return Problems.WriteAsync(context, ProblemTypes.Unauthenticated, whatToDo ?? "Send an access token: sign in at POST /api/auth/sign-in.");
    }

    private static Task ForbidAsync(HttpContext context, string why)
    {
        context.Response.Headers.WWWAuthenticate = "Bearer realm=\"firstcome\", error=\"insufficient_scope\"";
        return Problems.WriteAsync(context, ProblemTypes.Forbidden, why);
    }
}
