using Confluent.Kafka;
using Confluent.Kafka.Admin;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>A reader that gets everything: it takes all partitions for itself, and no broker keeps anything about it.</summary>
internal sealed class KafkaBroadcastReader(KafkaLog log, LogSubscription subscription, TimeProvider time, ILogger logger) : KafkaReader(log, subscription, time, logger)
{
    // Asked for by the client's configuration; it never joins.
    private const string NoGroup = "firstcome-broadcast";

    private Dictionary<int, long>? _next;

    public override ValueTask CommitAsync(CancellationToken cancellationToken) => ValueTask.CompletedTask;

    public override ValueTask RewindAsync(CancellationToken cancellationToken) => new(RunAsync(async () =>
    {
        _next = null;
        if (Consumer is not { } consumer) { return true; }
        var places = await PlacesAsync(cancellationToken);
        return await OnOwnThread(() => { consumer.Assign(places); return true; });
    }, cancellationToken));

    protected override async Task<IConsumer<string, byte[]>> OpenAsync(CancellationToken cancellationToken)
    {
        var places = await PlacesAsync(cancellationToken);
        var built = Builder(NoGroup).Build();
        built.Assign(places);
        return built;
    }

    protected override void Handing(List<ConsumeResult<string, byte[]>> batch)
    {
        foreach (var result in batch) { _next![result.Partition] = result.Offset + 1; }
    }

    // After a failure it goes on behind what it has handed over.
    private async Task<List<TopicPartitionOffset>> PlacesAsync(CancellationToken cancellationToken)
    {
        _next ??= await FirstPlacesAsync(cancellationToken);
        return [.. _next.Select(pair => new TopicPartitionOffset(Topic, pair.Key, pair.Value))];
    }

    private async Task<Dictionary<int, long>> FirstPlacesAsync(CancellationToken cancellationToken)
    {
        if (Subscription.Start is LogStart.Kept kept)
        {
            var starts = await Log.StartOffsetsAsync(Subscription.Topic, cancellationToken);
            var places = new Dictionary<int, long>();
            for (var partition = 0; partition < starts.Count; partition++)
            {
                places[partition] = Math.Max(starts[partition], await kept.NextOffset(partition, null, cancellationToken) ?? 0);
            }
            return places;
        }
        var instant = ((LogStart.Since)Subscription.Start).Instant.ToUnixTimeMilliseconds();
        // The ends first: a record that comes in between is at or behind them, and is read.
        var ends = await Log.EndOffsetsAsync(Subscription.Topic, cancellationToken);
        var since = await Log.OffsetsAsync(Subscription.Topic, OffsetSpec.ForTimestamp(instant), cancellationToken);
        return Enumerable.Range(0, since.Count).ToDictionary(partition => partition, partition => since[partition] >= 0 ? since[partition] : ends[partition]);
    }
}
