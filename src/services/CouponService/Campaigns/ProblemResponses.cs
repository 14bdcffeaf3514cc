using Microsoft.AspNetCore.Mvc;

namespace FirstCome.CouponService.Campaigns;

/// <summary>Declares the problems of an endpoint for the OpenAPI document.</summary>
internal static class ProblemResponses
{
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (var status in statuses) { endpoint.Produces<ProblemDetails>(status, "application/problem+json"); }
        return endpoint;
    }
}
