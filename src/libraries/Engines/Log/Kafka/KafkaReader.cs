using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>
/// What both kinds of readers have in common. The client's consumer is synchronous and calls back within its calls, so each read runs on a thread of its own. A consumer that failed is
/// closed, and the next read opens another.
/// </summary>
internal abstract class KafkaReader(KafkaLog log, LogSubscription subscription, TimeProvider time, ILogger logger) : ILogReader
{
    // Between two reads that found something the brokers prove themselves; an idle topic's must be asked.
    private static readonly TimeSpan s_proofEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_answerMax = TimeSpan.FromSeconds(5);

    private IConsumer<string, byte[]>? _consumer;
    // What the brokers have not answered in time. The client does not close beside it, so what comes next waits for its end first.
    private Task? _unanswered;
    private long _provenAt = time.GetTimestamp();

    protected ILogger Logger { get; } = logger;

    protected KafkaLog Log { get; } = log;

    protected LogSubscription Subscription { get; } = subscription;

    protected string Topic { get; } = log.Name(subscription.Topic);

    public async ValueTask<IReadOnlyList<ConsumedRecord>> ReadAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max);
        cancellationToken.ThrowIfCancellationRequested();
        return await RunAsync(async () =>
        {
            var consumer = _consumer ??= await OpenAsync(cancellationToken);
            var records = await OnOwnThread(() => Read(consumer, max, wait, cancellationToken));
            if (records.Count > 0 || time.GetElapsedTime(_provenAt) < s_proofEvery) { return records; }
            await Log.EndOffsetsAsync(Subscription.Topic, cancellationToken);
            _provenAt = time.GetTimestamp();
            return records;
        }, cancellationToken);
    }

    public abstract ValueTask CommitAsync(CancellationToken cancellationToken);

    public abstract ValueTask RewindAsync(CancellationToken cancellationToken);

    public async ValueTask DisposeAsync()
    {
        try { await CloseAsync(CancellationToken.None); }
        catch (LogUnavailableException exception) { KafkaLogEvents.CloseFailed(Logger, exception); }
    }

    /// <summary>A consumer that has its place, or will get it.</summary>
    protected abstract Task<IConsumer<string, byte[]>> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Records of the batch are about to be handed over.</summary>
    protected abstract void Handing(List<ConsumeResult<string, byte[]>> batch);

    protected IConsumer<string, byte[]>? Consumer => _consumer;

    protected ConsumerBuilder<string, byte[]> Builder(string group)
    {
        var session = (int)Log.Options.SessionTimeout.TotalMilliseconds;
        var config = Log.Client(new ConsumerConfig
        {
            GroupId = group,
            EnableAutoCommit = false,
            EnableAutoOffsetStore = false,
            AutoOffsetReset = AutoOffsetReset.Earliest,
            PartitionAssignmentStrategy = PartitionAssignmentStrategy.CooperativeSticky,
            SessionTimeoutMs = session,
            HeartbeatIntervalMs = session / 4,
            // Nothing is fetched far ahead of what is worked on: a rebalance would fetch it again.
            QueuedMinMessages = 10_000,
            QueuedMaxMessagesKbytes = 16 * 1024,
            FetchWaitMaxMs = 100,
            SocketTimeoutMs = 10_000,
        });
        return new ConsumerBuilder<string, byte[]>(config)
            .SetKeyDeserializer(Deserializers.Utf8)
            .SetLogHandler((_, line) => KafkaLogEvents.Client(Logger, line))
            .SetErrorHandler((_, error) => Log.Failures.Tell(error));
    }

    /// <summary>Runs a step; after a failure of the client nothing of its state is trusted.</summary>
    protected async Task<T> RunAsync<T>(Func<Task<T>> step, CancellationToken cancellationToken)
    {
        try
        {
            if (_unanswered is not null) { await CloseAsync(cancellationToken); }
            return await step();
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            if (_unanswered is null) { await CloseAsync(cancellationToken); }
            if (exception is KafkaException or TimeoutException) { throw KafkaLog.Unavailable($"read {Subscription.Topic.Name}", exception); }
            throw;
        }
    }

    /// <summary>A call that waits for the brokers as long as they do not answer.</summary>
    /// <exception cref="TimeoutException">They have not answered in time; the consumer is closed once they have.</exception>
    protected async Task<T> AnsweredAsync<T>(Func<T> call, CancellationToken cancellationToken)
    {
        var answer = OnOwnThread(call);
        _unanswered = answer;
        try { return await answer.WaitAsync(s_answerMax, time, cancellationToken); }
        finally { if (answer.IsCompleted) { _unanswered = null; } }
    }

    protected static Task<T> OnOwnThread<T>(Func<T> work) => KafkaLog.OnOwnThread(work);

    private List<ConsumedRecord> Read(IConsumer<string, byte[]> consumer, int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        var batch = new List<ConsumeResult<string, byte[]>>();
        var started = time.GetTimestamp();
        while (batch.Count < max)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var left = wait - time.GetElapsedTime(started);
            var step = batch.Count > 0 || left <= TimeSpan.Zero ? TimeSpan.Zero : left < s_step ? left : s_step;
            if (consumer.Consume(step) is { } result) { batch.Add(result); }
            else if (batch.Count > 0 || left <= TimeSpan.Zero) { break; }
        }
        if (batch.Count > 0) { _provenAt = time.GetTimestamp(); }
        Handing(batch);
        return batch.ConvertAll(Record);
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        if (_unanswered is { } answer)
        {
            // Whatever it says comes too late: what it committed or not is read from the group's offsets again.
            await answer.WaitAsync(s_answerMax, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            cancellationToken.ThrowIfCancellationRequested();
            if (!answer.IsCompleted) { throw new LogUnavailableException($"The log has not answered a commit of {Subscription.Topic.Name}."); }
            _unanswered = null;
        }
        await OnOwnThread(() => { Close(); return true; });
    }

    private void Close()
    {
        if (Interlocked.Exchange(ref _consumer, null) is not { } consumer) { return; }
        try { consumer.Close(); }
        catch (KafkaException exception) { KafkaLogEvents.CloseFailed(Logger, exception); }
        consumer.Dispose();
    }

    private static ConsumedRecord Record(ConsumeResult<string, byte[]> result) => new(
        new LogPosition(result.Partition, result.Offset), new DateTimeOffset(result.Message.Timestamp.UtcDateTime), result.Message.Key ?? "", result.Message.Value ?? [], TraceParent(result.Message.Headers));

    private static string? TraceParent(Headers? headers) => headers is not null && headers.TryGetLastBytes(KafkaHeaders.TraceParent, out var value) ? Encoding.ASCII.GetString(value) : null;
}
