using System.Diagnostics;
using FirstCome.Engines.Log;
using Xunit;

namespace FirstCome.EnginesTests.Log;

/// <summary>The spans of a batch whose items come from different traces.</summary>
public sealed class BatchTraceTests : IDisposable
{
    private readonly ActivitySource _source = new($"test-{Guid.NewGuid():N}");
    private readonly List<Activity> _ended = [];

    [Fact]
    public void Without_a_listener_or_a_sampled_item_there_is_nothing()
    {
        Assert.Null(Start([Sampled()]));
        using var listener = Listen();
        Assert.Null(Start([null, "nonsense", Sampled()[..^2] + "00"]));
    }

    [Fact]
    public void Each_sampled_item_gets_a_span_in_its_own_trace_and_the_first_is_linked_with_all()
    {
        using var listener = Listen();
        string[] items = [Sampled(), Sampled(), Sampled()];
        using (var trace = Start([items[0], null, .. items[1..]]))
        {
            Assert.Equal(items.Select(Trace), items.Select(item => Trace(trace!.ContextOf(item)!)));
            Assert.Null(trace!.ContextOf(Sampled()));
            Assert.Equal(Trace(items[0]), Activity.Current!.TraceId.ToHexString());
        }
        Assert.Null(Activity.Current);
        Assert.Equal(items.Select(Trace).Order(), _ended.Select(span => span.TraceId.ToHexString()).Order());
        var batch = _ended.Single(span => span.TraceId.ToHexString() == Trace(items[0]));
        Assert.Equal(items[1..].Select(Trace), batch.Links.Select(link => link.Context.TraceId.ToHexString()));
        Assert.All(_ended.Where(span => span != batch), span => Assert.Equal(batch.SpanId, Assert.Single(span.Links).Context.SpanId));
    }

    [Fact]
    public void A_batch_has_no_more_than_64_spans()
    {
        using var listener = Listen();
        Start([.. Enumerable.Range(0, 500).Select(_ => Sampled())])!.Dispose();
        Assert.Equal(64, _ended.Count);
    }

    public void Dispose() => _source.Dispose();

    private BatchTrace? Start(IReadOnlyList<string?> items) => BatchTrace.Start(_source, "work", ActivityKind.Consumer, items, item => item);

    private ActivityListener Listen()
    {
        var listener = new ActivityListener
        {
            ShouldListenTo = source => source == _source,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Add,
        };
        ActivitySource.AddActivityListener(listener);
        return listener;
    }

    private static string Sampled() => $"00-{ActivityTraceId.CreateRandom()}-{ActivitySpanId.CreateRandom()}-01";

    private static string Trace(string traceParent) => traceParent.Split('-')[1];
}
