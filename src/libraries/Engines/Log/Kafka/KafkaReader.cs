using System.Text;
using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>
/// What both kinds of readers have in common. The client's consumer is synchronous and calls back within its calls, so each read runs on a thread of its own. A consumer that failed is
/// closed, and the next read opens another; a log that is away is no failure of the consumer, which goes on by itself when the brokers do.
/// </summary>
internal abstract class KafkaReader(KafkaLog log, LogSubscription subscription, TimeProvider time, ILogger logger) : ILogReader
{
    // Between two reads that found something the brokers prove themselves; an idle topic's must be asked.
    private static readonly TimeSpan s_proofEvery = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan s_commitEvery = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_closeMax = TimeSpan.FromSeconds(5);

    private IConsumer<string, byte[]>? _consumer;
    // Of the consumer before. It commits what is left at its end and does not return before the brokers answer; another beside it would get no partition, as this one keeps its place in the group.
    private Task _closed = Task.CompletedTask;
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
            return await OnOwnThread(() => Read(consumer, max, wait, cancellationToken));
        }, cancellationToken) is { Count: > 0 } records ? records : await NothingAsync(cancellationToken);
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
            // The client commits, by itself and beside everything else, what the caller has said is done, and nothing else. A commit that is waited for may not be answered: the broker stands still, or partitions
            // change hands, at which the client (2.16) was seen to turn on a core for ever.
            EnableAutoCommit = Subscription.Group is not null,
            AutoCommitIntervalMs = (int)s_commitEvery.TotalMilliseconds,
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
        await ClosedAsync(cancellationToken);
        try { return await step(); }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            // What failed is told; that it could not be closed in time is for whoever comes next.
            _ = BeginClose();
            if (exception is KafkaException) { throw KafkaLog.Unavailable($"read {Subscription.Topic.Name}", exception); }
            throw;
        }
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

    // Nothing was read: because there is nothing, or because nobody answers?
    private async Task<IReadOnlyList<ConsumedRecord>> NothingAsync(CancellationToken cancellationToken)
    {
        if (time.GetElapsedTime(_provenAt) < s_proofEvery) { return []; }
        await Log.EndOffsetsAsync(Subscription.Topic, cancellationToken);
        _provenAt = time.GetTimestamp();
        return [];
    }

    private async Task CloseAsync(CancellationToken cancellationToken)
    {
        _ = BeginClose();
        await ClosedAsync(cancellationToken);
    }

    private Task BeginClose()
    {
        if (Interlocked.Exchange(ref _consumer, null) is not { } consumer) { return _closed; }
        return _closed = OnOwnThread(() =>
        {
            try
            {
                using (consumer) { consumer.Close(); }
            }
            catch (KafkaException exception) { KafkaLogEvents.CloseFailed(Logger, exception); }
            return true;
        });
    }

    private async Task ClosedAsync(CancellationToken cancellationToken)
    {
        try { await _closed.WaitAsync(s_closeMax, time, cancellationToken); }
        catch (TimeoutException exception) { throw new LogUnavailableException($"The log has not answered the last commit of a reader of {Subscription.Topic.Name}.", exception); }
    }

    private static ConsumedRecord Record(ConsumeResult<string, byte[]> result) => new(
        new LogPosition(result.Partition, result.Offset), new DateTimeOffset(result.Message.Timestamp.UtcDateTime), result.Message.Key ?? "", result.Message.Value ?? [], TraceParent(result.Message.Headers));

    private static string? TraceParent(Headers? headers) => headers is not null && headers.TryGetLastBytes(KafkaHeaders.TraceParent, out var value) ? Encoding.ASCII.GetString(value) : null;
}
