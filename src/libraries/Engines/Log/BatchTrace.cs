using System.Diagnostics;

namespace FirstCome.Engines.Log;

/// <summary>
/// The spans of work on a batch whose items come from different traces. Each item that is sampled gets a span in its own trace; the first of them stands for the batch: it is current
/// while the batch is worked on and is linked with the others, both ways. Nothing is made where nobody listens or no item is sampled.
/// </summary>
public sealed class BatchTrace : IDisposable
{
    private const int SpansMax = 64;

    private readonly Activity? _before = Activity.Current;
    private readonly Dictionary<string, Activity> _spans = new(StringComparer.Ordinal);

    private BatchTrace() { }

    /// <summary>Starts the spans of at most 64 items; null where there is nothing to trace.</summary>
    /// <param name="traceParent">An item's W3C trace context, or null.</param>
    public static BatchTrace? Start<T>(ActivitySource source, string name, ActivityKind kind, IReadOnlyList<T> items, Func<T, string?> traceParent)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(items);
        ArgumentNullException.ThrowIfNull(traceParent);
        if (!source.HasListeners()) { return null; }
        Dictionary<string, ActivityContext>? sampled = null;
        for (var i = 0; i < items.Count && (sampled?.Count ?? 0) < SpansMax; i++)
        {
            if (traceParent(items[i]) is { } parent && ActivityContext.TryParse(parent, null, isRemote: true, out var context) && context.TraceFlags.HasFlag(ActivityTraceFlags.Recorded))
            {
                (sampled ??= new(StringComparer.Ordinal)).TryAdd(parent, context);
            }
        }
        return sampled is null ? null : new BatchTrace().Begin(source, name, kind, sampled);
    }

    /// <summary>Sets an attribute of every span.</summary>
    public BatchTrace Tag(string name, object? value)
    {
        foreach (var span in _spans.Values) { span.SetTag(name, value); }
        return this;
    }

    /// <summary>Tells that the work failed. The kind of exception is told, not its text.</summary>
    public void Failed(Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        foreach (var span in _spans.Values) { span.SetStatus(ActivityStatusCode.Error).SetTag("error.type", exception.GetType().FullName); }
    }

    /// <summary>What goes on with an item: the context of its span; null where it has none.</summary>
    public string? ContextOf(string? traceParent) => traceParent is not null && _spans.TryGetValue(traceParent, out var span) ? span.Id : null;

    public void Dispose()
    {
        foreach (var span in _spans.Values) { span.Dispose(); }
        Activity.Current = _before;
    }

    private BatchTrace? Begin(ActivitySource source, string name, ActivityKind kind, Dictionary<string, ActivityContext> sampled)
    {
        Activity? batch = null;
        foreach (var (parent, context) in sampled)
        {
            var links = batch is null ? sampled.Where(other => other.Key != parent).Select(other => new ActivityLink(other.Value)) : [new ActivityLink(batch.Context)];
            if (source.StartActivity(name, kind, context, links: links) is not { } span) { continue; }
            batch ??= span;
            _spans.Add(parent, span);
        }
        Activity.Current = batch ?? _before;
        return batch is null ? null : this;
    }
}

/// <summary>What a span or a metric of messaging says, by OpenTelemetry's semantic conventions.</summary>
public static class MessagingAttributes
{
    public const string SystemName = "messaging.system", Destination = "messaging.destination.name", OperationName = "messaging.operation.name", OperationType = "messaging.operation.type";
    public const string ConsumerGroup = "messaging.consumer.group.name", BatchCount = "messaging.batch.message_count";

    /// <summary>Sets what every span of messaging says.</summary>
    /// <param name="operation"><c>send</c> or <c>process</c>, which are names and types alike.</param>
    public static BatchTrace Messaging(this BatchTrace trace, IEventLog log, string topic, string operation, int records)
    {
        ArgumentNullException.ThrowIfNull(trace);
        ArgumentNullException.ThrowIfNull(log);
        return trace.Tag(SystemName, log.SystemName).Tag(Destination, topic).Tag(OperationName, operation).Tag(OperationType, operation).Tag(BatchCount, records);
    }
}
