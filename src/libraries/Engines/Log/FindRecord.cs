using FirstCome.Contracts.Messages;

namespace FirstCome.Engines.Log;

/// <summary>Looks one record up by its place.</summary>
public static class FindRecord
{
    private const int ReadMax = 100;
    private static readonly TimeSpan s_wait = TimeSpan.FromMilliseconds(250);

    /// <summary>The record at this position, or null where there is none, or none any more. For single questions: each opens a reader of its own, which reads on until it has met the place or is cancelled.</summary>
    /// <exception cref="LogUnavailableException">The log is away.</exception>
    public static async Task<ConsumedRecord?> FindRecordAsync(this IEventLog log, Topic topic, LogPosition position, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(log);
        var ends = await log.EndOffsetsAsync(topic, cancellationToken);
        if (position.Partition < 0 || position.Partition >= ends.Count || position.Offset < 0 || position.Offset >= ends[position.Partition]) { return null; }
        // The other partitions from their ends: nothing of them is asked for.
        await using var reader = log.Subscribe(new LogSubscription(topic, null, new LogStart.Kept(
            (partition, _, _) => ValueTask.FromResult<long?>(partition == position.Partition ? position.Offset : ends.ElementAtOrDefault(partition)))));
        while (true)
        {
            foreach (var record in await reader.ReadAsync(ReadMax, s_wait, cancellationToken))
            {
                if (record.Position == position) { return record; }
                // The log keeps it no more, and began behind it.
                if (record.Position.Partition == position.Partition) { return null; }
            }
        }
    }
}
