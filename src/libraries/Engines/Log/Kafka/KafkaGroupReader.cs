using Confluent.Kafka;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>
/// One of a consumer group's readers. What the caller commits the client brings to the brokers within half a second, and before a partition goes to another. Partitions move cooperatively: only those that change hands stop meanwhile. Where the caller keeps the offsets itself, each partition
/// that comes starts at the caller's, and not at the group's.
/// </summary>
internal sealed class KafkaGroupReader(KafkaLog log, LogSubscription subscription, TimeProvider time, ILogger logger)
    : KafkaReader(log, subscription, time, logger)
{
    private static readonly TimeSpan s_committedMax = TimeSpan.FromSeconds(5), s_startMax = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time = time;
    private readonly Dictionary<TopicPartition, Offset> _handed = [];
    // What the caller has committed since the partition came: the brokers may not know it yet.
    private readonly Dictionary<TopicPartition, Offset> _done = [];
    private Exception? _startFailure;

    public override ValueTask CommitAsync(CancellationToken cancellationToken) => new(RunAsync(() =>
    {
        if (Consumer is not { } consumer) { return Task.FromResult(true); }
        foreach (var (partition, next) in _handed)
        {
            try
            {
                consumer.StoreOffset(new TopicPartitionOffset(partition, next));
                _done[partition] = next;
            }
            // It has gone to another reader, which reads again from the last commit.
            catch (KafkaException exception) when (IsGone(exception)) { KafkaLogEvents.CommitPassedOver(Logger, exception.Error.Reason); }
        }
        _handed.Clear();
        return Task.FromResult(true);
    }, cancellationToken));

    public override ValueTask RewindAsync(CancellationToken cancellationToken) => new(RunAsync(async () =>
    {
        _handed.Clear();
        if (Consumer is not { } consumer) { return true; }
        var partitions = await OnOwnThread(() => consumer.Assignment);
        foreach (var start in await StartsAsync(consumer, partitions, cancellationToken)) { await OnOwnThread(() => { consumer.Seek(start); return true; }); }
        return true;
    }, cancellationToken));

    protected override Task<IConsumer<string, byte[]>> OpenAsync(CancellationToken cancellationToken)
    {
        (_startFailure, var built) = (null, Builder(Log.Options.Prefix + Subscription.Group!)
            .SetPartitionsAssignedHandler((consumer, partitions) => Starts(consumer, partitions))
            .SetPartitionsRevokedHandler((_, partitions) => Forget(partitions.Select(partition => partition.TopicPartition)))
            .SetOffsetsCommittedHandler((_, offsets) => { if (offsets.Error.IsError) { KafkaLogEvents.CommitPassedOver(Logger, offsets.Error.Reason); } })
            .SetPartitionsLostHandler((_, partitions) => Forget(partitions.Select(partition => partition.TopicPartition)))
            .Build());
        _handed.Clear();
        _done.Clear();
        built.Subscribe(Topic);
        return Task.FromResult(built);
    }

    protected override void Handing(List<ConsumeResult<string, byte[]>> batch)
    {
        // Nothing that began at a wrong place is handed over: the consumer is closed, and what comes then asks again.
        if (Interlocked.Exchange(ref _startFailure, null) is { } failure) { System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure); }
        foreach (var result in batch) { _handed[result.TopicPartition] = result.Offset + 1; }
    }

    // The client takes the places within this very callback, on the thread of the read; there is nothing to do meanwhile but to wait for them.
    private IEnumerable<TopicPartitionOffset> Starts(IConsumer<string, byte[]> consumer, List<TopicPartition> partitions)
    {
        if (Subscription.Start is not LogStart.Kept) { return partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset)); }
        try
        {
            using var limit = new CancellationTokenSource(s_startMax, _time);
            return StartsAsync(consumer, partitions, limit.Token).WaitAsync(s_startMax, _time).GetAwaiter().GetResult();
        }
        catch (Exception exception)
        {
            _startFailure = exception;
            return partitions.Select(partition => new TopicPartitionOffset(partition, Offset.Unset));
        }
    }

    private async Task<List<TopicPartitionOffset>> StartsAsync(IConsumer<string, byte[]> consumer, List<TopicPartition> partitions, CancellationToken cancellationToken)
    {
        var starts = new List<TopicPartitionOffset>(partitions.Count);
        foreach (var place in await OnOwnThread(() => consumer.Committed(partitions, s_committedMax)))
        {
            long? committed = place.Offset == Offset.Unset ? null : place.Offset.Value;
            if (_done.TryGetValue(place.TopicPartition, out var done)) { committed = Math.Max(committed ?? 0, done.Value); }
            var next = Subscription.Start switch
            {
                LogStart.Committed => committed,
                LogStart.Kept kept => await kept.NextOffset(place.Partition, committed, cancellationToken),
                _ => throw new InvalidOperationException($"A group does not start {Subscription.Start}."),
            };
            starts.Add(new TopicPartitionOffset(place.TopicPartition, next is { } offset ? offset : Offset.Beginning));
        }
        return starts;
    }

    private static bool IsGone(KafkaException exception) => exception is TopicPartitionOffsetException { Results: var results } ? results.All(result => IsGone(result.Error.Code)) : IsGone(exception.Error.Code);

    private static bool IsGone(ErrorCode code) => code is ErrorCode.Local_State or ErrorCode.Local_UnknownPartition;

    private void Forget(IEnumerable<TopicPartition> partitions)
    {
        foreach (var partition in partitions)
        {
            _handed.Remove(partition);
            _done.Remove(partition);
        }
    }
}
