using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Text.Json;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.Engines.Log.Kafka;
using FirstCome.EnginesTests.Log;
using FirstCome.IssueWorker.Recording;
using FirstCome.TestKit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>A claim's trace across both topics of a real broker: in headers, from the gate's service to the worker and on to whoever reads of the coupon.</summary>
public sealed class KafkaTraceTests(SharedKafka shared) : IDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ConcurrentQueue<Activity> _ended = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_sampled_claims_trace_goes_through_kafka_to_the_worker_and_on_and_an_unsampled_one_leaves_none()
    {
        using var listener = Listen();
        await using var log = new KafkaLog(new KafkaOptions { BootstrapServers = (await shared.OneAsync()).Address, Prefix = $"t{Guid.NewGuid():N}." }, TimeProvider.System, NullLogger<KafkaLog>.Instance);
        await log.EnsureTopicsAsync(Topics.All, Cancel);
        // The client's first record takes longer than a claim may; the topic is one that nobody reads here.
        await Eventually.TrueAsync(async () =>
        {
            try { return (await log.ProduceAsync(Topics.ClaimReviewed, [new LogRecord("first", new byte[] { 1 })], Cancel)).Count == 1; }
            catch (LogUnavailableException) { return false; }
        }, s_limit, "the log takes records");
        await using var bench = await ClaimBench.StartAsync(LedgerEngine.Sqlite, quota: 5);
        string sampled = TraceParent("01"), unsampled = TraceParent("00");
        var members = (Sampled: Guid.CreateVersion7(), Unsampled: Guid.CreateVersion7());
        await using var way = new ClaimWay(bench, log, Meters());
        Assert.Null((await way.ClaimAsync(members.Sampled, sampled)).Refusal);
        Assert.Null((await way.ClaimAsync(members.Unsampled, unsampled)).Refusal);
        using var worker = Worker(bench, log);
        await worker.StartAsync(Cancel);
        var issued = await IssuedAsync(log, 2);
        await worker.StopAsync(Cancel);

        await Eventually.TrueAsync(() => Spans(sampled).Count(span => span.Kind is ActivityKind.Producer or ActivityKind.Consumer) == 3, s_limit, "every span of the way has ended");
        var (send, process, told) = (Span(sampled, "send coupon.claims"), Span(sampled, "process coupon.claims"), Span(sampled, "send coupon.issued"));
        Assert.Equal(sampled.Split('-')[2], send.ParentSpanId.ToHexString());
        Assert.Equal((send.SpanId, ActivityKind.Consumer), (process.ParentSpanId, process.Kind));
        Assert.True(process.HasRemoteParent);
        Assert.Equal("kafka", process.GetTagItem("messaging.system"));
        Assert.Equal(process.SpanId, Span(sampled, "TRANSACTION").ParentSpanId);
        Assert.Equal(process.SpanId, told.ParentSpanId);
        Assert.Equal(told.Id, issued.Single(record => MemberOf(record) == members.Sampled).TraceParent);
        Assert.Null(issued.Single(record => MemberOf(record) == members.Unsampled).TraceParent);
        Assert.Empty(Spans(unsampled));
    }

    public void Dispose() => _services.Dispose();

    private RecordClaims Worker(ClaimBench bench, IEventLog log) => new(
        log, bench.Ledger, new LedgerBatch(bench.Ledger, TimeProvider.System, NullLogger<LedgerBatch>.Instance), new WorkerMetrics(Meters()), Options.Create(new WorkerOptions()), TimeProvider.System,
        NullLogger<RecordClaims>.Instance);

    private static async Task<List<ConsumedRecord>> IssuedAsync(KafkaLog log, int count)
    {
        await using var reader = log.Subscribe(new LogSubscription(Topics.CouponIssued, null, new LogStart.Since(DateTimeOffset.UnixEpoch)));
        var issued = new List<ConsumedRecord>();
        await Eventually.TrueAsync(async () =>
        {
            issued.AddRange(await reader.ReadAsync(10, TimeSpan.FromMilliseconds(200), Cancel));
            return issued.Count >= count;
        }, s_limit, "CouponService is told of every claim");
        return issued;
    }

    private static Guid? MemberOf(ConsumedRecord record) => JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.CouponIssued)?.MemberId;

    private IMeterFactory Meters() => _services.GetRequiredService<IMeterFactory>();

    private Activity Span(string traceParent, string name) => Assert.Single(Spans(traceParent), span => span.OperationName == name);

    private IEnumerable<Activity> Spans(string traceParent) => _ended.Where(span => span.TraceId.ToHexString() == traceParent.Split('-')[1]);

    private ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name.StartsWith("FirstCome.", StringComparison.Ordinal),
            Sample = (ref ActivityCreationOptions<ActivityContext> options) =>
                options.Parent.TraceFlags.HasFlag(ActivityTraceFlags.Recorded) ? ActivitySamplingResult.AllDataAndRecorded : ActivitySamplingResult.None,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static string TraceParent(string flags) => $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-{flags}";
}
