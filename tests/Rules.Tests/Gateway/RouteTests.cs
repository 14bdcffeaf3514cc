using FirstCome.RulesTests.ServiceDefaults;
using Xunit;

namespace FirstCome.RulesTests.Gateway;

/// <summary>Which path goes to which service.</summary>
public sealed class RouteTests(Edge edge) : IClassFixture<Edge>
{
    [Theory]
    [InlineData("GET", "/api/campaigns", "cache-service"), InlineData("GET", "/api/campaigns/1", "cache-service"), InlineData("GET", "/api/campaigns/1/counts", "cache-service")]
    [InlineData("GET", "/api/campaigns/1/events", "cache-service"), InlineData("GET", "/api/operations/services", "cache-service"), InlineData("GET", "/api/operations/metrics?window=PT1H", "cache-service")]
    [InlineData("POST", "/api/campaigns", "coupon-service"), InlineData("PATCH", "/api/campaigns/1", "coupon-service"), InlineData("POST", "/api/campaigns/1/schedule", "coupon-service")]
    [InlineData("POST", "/api/campaigns/1/pause", "coupon-service"), InlineData("POST", "/api/campaigns/1/resume", "coupon-service"), InlineData("POST", "/api/campaigns/1/close", "coupon-service")]
    [InlineData("POST", "/api/campaigns/1/archive", "coupon-service"), InlineData("PUT", "/api/campaigns/1/audience/members", "coupon-service"), InlineData("GET", "/api/campaigns/1/history", "coupon-service")]
    [InlineData("GET", "/api/coupons/me", "coupon-service"), InlineData("POST", "/api/coupons/X/redemptions", "coupon-service"), InlineData("POST", "/api/coupons/X/redemptions/1/undo", "coupon-service")]
    [InlineData("GET", "/api/redemptions?day=2030-01-01", "coupon-service"), InlineData("POST", "/api/campaigns/1/claims", "issue-service"), InlineData("GET", "/api/campaigns/1/claims", "issue-service")]
    [InlineData("GET", "/api/campaigns/1/claims/me", "issue-service"), InlineData("GET", "/api/campaigns/1/claims/7/life", "issue-service"), InlineData("GET", "/api/campaigns/1/gaps", "issue-service")]
    [InlineData("GET", "/api/operations/dead-letters", "issue-service"), InlineData("POST", "/api/operations/dead-letters/1/redrive", "issue-service")]
    [InlineData("GET", "/api/operations/campaigns/1/reconciliation", "issue-service"), InlineData("POST", "/api/users", "user-service"), InlineData("GET", "/api/users?query=a", "user-service")]
    [InlineData("DELETE", "/api/users/me", "user-service"), InlineData("PUT", "/api/users/me/password", "user-service"), InlineData("POST", "/api/auth/sign-in", "user-service")]
    [InlineData("POST", "/api/auth/refresh", "user-service"), InlineData("POST", "/api/auth/sign-out-everywhere", "user-service"), InlineData("POST", "/api/auth/keys/rotate", "user-service")]
    [InlineData("GET", "/api/operations/coupon-dead-letters", "coupon-service")]
    [InlineData("GET", "/api/operations/malformed-records?limit=2", "issue-service"), InlineData("GET", "/api/users/audit?actor=1", "user-service")]
    [InlineData("POST", "/api/auth/password-reset", "user-service")]
    [InlineData("POST", "/api/rehearsals/1/members", "user-service"), InlineData("GET", "/", "web"), InlineData("GET", "/console", "web"), InlineData("GET", "/app.js", "web")]
    public async Task A_path_reaches_its_service_as_it_was_sent(string method, string path, string service)
    {
        Registered.Set(edge.Gateway.Services, (service, edge.One.Port), ("user-service", edge.One.Port));
        await edge.KeysAsync();
        // Nobody else is registered, so an answer says that the path went to this service.
        var answer = await edge.Gateway.SendAsync(new HttpMethod(method), path, null, ("Authorization", "Bearer " + edge.Token()));
        Assert.True(answer.Status == 200, $"{answer.Status}: {answer.Text}");
        Assert.StartsWith($"one {method} {path}", answer.Text, StringComparison.Ordinal);
    }
}
