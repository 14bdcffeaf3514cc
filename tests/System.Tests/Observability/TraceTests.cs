using System.Diagnostics;
using System.Net;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.SystemTests.Observability;

/// <summary>One claim's trace, from the gateway to the coupon, as a collector receives it from a whole running system.</summary>
public sealed class TraceTests
{
    private static readonly string[] s_way =
    [
        "EVALSHA claim of FirstCome.IssueService", "send coupon.claims of FirstCome.IssueService", "process coupon.claims of FirstCome.IssueWorker", "TRANSACTION of FirstCome.Engines",
        "send coupon.issued of FirstCome.IssueWorker", "process coupon.issued of FirstCome.CouponService",
    ];

    [Fact]
    public async Task A_sampled_claim_is_one_trace_from_the_gateway_to_the_coupon_and_an_unsampled_one_is_none()
    {
        await using var receiver = await TraceReceiver.StartAsync(TestContext.Current.CancellationToken);
        await using var system = new RunningSystem();
        system.System.Settings["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.Url;
        system.System.Settings["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf";
        system.System.Settings["OTEL_BSP_SCHEDULE_DELAY"] = "200";
        // So that this test can say which claim is sampled.
        system.System.Settings["Gateway__TrustIncomingTrace"] = "true";
        await system.InitializeAsync();
        var campaign = await system.CampaignAsync(quota: 10);
        var members = await system.MembersAsync(campaign, 2);
        var (unsampled, sampled) = (ActivityTraceId.CreateRandom().ToHexString(), ActivityTraceId.CreateRandom().ToHexString());
        await ClaimAsync(system, campaign, members[0].Token, $"00-{unsampled}-{ActivitySpanId.CreateRandom()}-00");
        await ClaimAsync(system, campaign, members[1].Token, $"00-{sampled}-{ActivitySpanId.CreateRandom()}-01");

        await Eventually.TrueAsync(
            () => Task.FromResult(s_way.All(step => Trace(receiver, sampled).Any(span => $"{span.Name} of {span.Source}" == step))), TimeSpan.FromSeconds(20), "every step of the way is in the claim's trace");
        var trace = Trace(receiver, sampled);
        // Gateway and IssueService, each as a server.
        Assert.True(trace.Count(span => span.Source.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)) >= 2, string.Join('\n', trace));
        // From the coupon back to the gate's service: each step's parent is the one before.
        AssertParent(trace, "process coupon.issued", "send coupon.issued");
        AssertParent(trace, "send coupon.issued", "process coupon.claims");
        AssertParent(trace, "process coupon.claims", "send coupon.claims");
        Assert.Empty(Trace(receiver, unsampled));
    }

    private static void AssertParent(IReadOnlyList<ReceivedSpan> trace, string child, string parent) =>
        Assert.Equal(trace.Single(span => span.Name == parent).SpanId, trace.Single(span => span.Name == child).ParentId);

    private static async Task ClaimAsync(RunningSystem system, string campaign, string token, string traceParent)
    {
        var answer = await system.SendAsync(HttpMethod.Post, $"/api/campaigns/{campaign}/claims", token, null, true, ("traceparent", traceParent));
        Assert.True(answer.Status == HttpStatusCode.Accepted, answer.Text);
    }

    private static List<ReceivedSpan> Trace(TraceReceiver receiver, string id) => [.. receiver.Spans.Where(span => span.TraceId == id)];
}
