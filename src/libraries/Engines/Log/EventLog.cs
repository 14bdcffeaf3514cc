using System.Text;
using FirstCome.Contracts.Messages;
using FirstCome.ServiceDefaults;

namespace FirstCome.Engines.Log;

/// <summary>A record to be produced. Its partition follows from the key.</summary>
/// <param name="Key">Up to 64 bytes.</param>
/// <param name="Value">Up to 64 KiB.</param>
/// <param name="TraceParent">W3C trace context of the request it comes from, or null; travels as the header <c>traceparent</c>.</param>
public readonly record struct LogRecord(string Key, ReadOnlyMemory<byte> Value, string? TraceParent = null)
{
    private const int KeyBytesMax = 64;
    private const int ValueBytesMax = 64 * 1024;

    /// <summary>Refuses, before any is written, records that no engine takes.</summary>
    /// <exception cref="ArgumentException">A key or a value is too long.</exception>
    internal static void Check(IReadOnlyList<LogRecord> records)
    {
        foreach (var record in records)
        {
            if (Encoding.UTF8.GetByteCount(record.Key) > KeyBytesMax) { throw new ArgumentException($"A key takes at most {KeyBytesMax} bytes.", nameof(records)); }
            if (record.Value.Length > ValueBytesMax) { throw new ArgumentException($"A value takes at most {ValueBytesMax} bytes.", nameof(records)); }
        }
    }
}

/// <summary>Where a record stands.</summary>
public readonly record struct LogPosition(int Partition, long Offset);

/// <summary>A record that was read.</summary>
public readonly record struct ConsumedRecord(LogPosition Position, DateTimeOffset Timestamp, string Key, ReadOnlyMemory<byte> Value, string? TraceParent);

/// <summary>Where a reader starts in a partition.</summary>
public abstract record LogStart
{
    /// <summary>At the group's committed offsets; at the first record where there is none.</summary>
    public sealed record Committed : LogStart;

    /// <summary>
    /// At offsets that the caller keeps itself: it is given the partition and what the group has committed there (null: nothing), and answers where to begin; null means the first record.
    /// Asked at each assignment of a partition.
    /// </summary>
    public sealed record Kept(Func<int, long?, CancellationToken, ValueTask<long?>> NextOffset) : LogStart;

    /// <summary>At the first record whose timestamp is not before this instant.</summary>
    public sealed record Since(DateTimeOffset Instant) : LogStart;
}

/// <summary>
/// What is read. With a <paramref name="Group"/> the partitions are shared among its readers, each record to one of them; without, every reader gets everything (broadcast)
/// and nothing is committed.
/// </summary>
public sealed record LogSubscription(Topic Topic, string? Group, LogStart Start);

/// <summary>The record by which a log proves where a partition's acknowledged records end. It says nothing to anybody.</summary>
public static class LogFence
{
    private const string Key = "fence";

    internal static LogRecord Record => new(Key, default);

    /// <summary>Whether a record that was read is one.</summary>
    public static bool Is(ConsumedRecord record) => record.Value.IsEmpty && record.Key == Key;
}

/// <summary>
/// The log: append-only topics in partitions, as Kafka has them. Two engines: a table of an embedded database (<c>./run</c>) and Kafka.
/// Every failure of the engine is a <see cref="LogUnavailableException"/>.
/// </summary>
public interface IEventLog
{
    /// <summary>The engine, as OpenTelemetry's <c>messaging.system</c> names it.</summary>
    string SystemName => "firstcome";

    /// <summary>Makes the topics that are missing; safe to run twice and from several instances.</summary>
    Task EnsureTopicsAsync(IReadOnlyList<Topic> topics, CancellationToken cancellationToken);

    /// <summary>Produces records and waits until the log has acknowledged every one. After an exception some of them may stand in the log, or may come to.</summary>
    /// <returns>The positions, in the order given.</returns>
    Task<IReadOnlyList<LogPosition>> ProduceAsync(Topic topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken);

    /// <summary>For each partition the offset that the next record will get.</summary>
    Task<IReadOnlyList<long>> EndOffsetsAsync(Topic topic, CancellationToken cancellationToken);

    /// <summary>
    /// For each partition an offset that is past every record which was acknowledged before the call. What a cluster's leader says of its end is not enough for that: one that was cut off does not know of its successor's records.
    /// So the log may write a record of its own, a fence, that is acknowledged like any other; readers pass it over (<see cref="LogFence"/>).
    /// </summary>
    Task<IReadOnlyList<long>> FenceAsync(Topic topic, CancellationToken cancellationToken) => EndOffsetsAsync(topic, cancellationToken);

    /// <summary>For each partition the offset of the first record that is still kept.</summary>
    Task<IReadOnlyList<long>> StartOffsetsAsync(Topic topic, CancellationToken cancellationToken);

    /// <summary>Starts reading. Dispose the reader to leave the group.</summary>
    ILogReader Subscribe(LogSubscription subscription);
}

/// <summary>Reads what it is subscribed to; for one caller at a time.</summary>
public interface ILogReader : IAsyncDisposable
{
    /// <summary>The next records: returns as soon as there is at least one, with what is there up to <paramref name="max"/>; empty after <paramref name="wait"/>.</summary>
    ValueTask<IReadOnlyList<ConsumedRecord>> ReadAsync(int max, TimeSpan wait, CancellationToken cancellationToken);

    /// <summary>
    /// Commits, for the group, everything that <see cref="ReadAsync"/> has returned so far. Does nothing without a group. A process that dies may have it read again: on a cluster the group's offsets follow within
    /// half a second, and before a partition goes to another reader.
    /// </summary>
    ValueTask CommitAsync(CancellationToken cancellationToken);

    /// <summary>Goes back to the start position of the subscription (committed or kept): what was read since then comes again.</summary>
    ValueTask RewindAsync(CancellationToken cancellationToken);
}

/// <summary>The log is away, or did not acknowledge in time.</summary>
public sealed class LogUnavailableException : UnavailableException
{
    public LogUnavailableException() { }
    public LogUnavailableException(string message) : base(message) { }
    public LogUnavailableException(string message, Exception inner) : base(message, inner) { }
}
