using Microsoft.AspNetCore.Mvc;

namespace FirstCome.UserService;

/// <summary>Declares the problems of an endpoint for its OpenAPI document.</summary>
internal static class ProblemResponses
{
    public static RouteHandlerBuilder ProducesProblems(this RouteHandlerBuilder endpoint, params int[] statuses)
    {
        foreach (var status in statuses) { endpoint.Produces<ProblemDetails>(status, "application/problem+json"); }
        return endpoint;
    }
}
