using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.EnginesTests.Log;

/// <summary>What every log must do, whichever engine it is.</summary>
public abstract class EventLogBehaviour : IAsyncLifetime
{
    protected static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    internal static readonly Topic Spread = new("spread", 6, TimeSpan.FromDays(1));
    protected static readonly Topic Narrow = new("narrow", 1, null);

    protected IEventLog Log { get; set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>An empty log.</summary>
    protected abstract Task<IEventLog> StartAsync();

    /// <summary>The same log after its engine was ended and started again.</summary>
    protected abstract Task<IEventLog> RestartAsync();

    public virtual async ValueTask InitializeAsync()
    {
        Log = await StartAsync();
        await Log.EnsureTopicsAsync([Spread, Narrow], Cancel);
    }

    public abstract ValueTask DisposeAsync();

    [Fact]
    public async Task A_record_comes_back_as_it_was_produced()
    {
        var value = Encoding.UTF8.GetBytes("""{"name":"쿠폰"}""");
        var positions = await Log.ProduceAsync(Narrow, [new LogRecord("key-1", value, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"), new LogRecord("", Array.Empty<byte>())], Cancel);

        Assert.Equal([new LogPosition(0, 0), new LogPosition(0, 1)], positions);
        await using var reader = Log.Subscribe(FromTheFirst(Narrow));
        var records = await ReadAsync(reader, 2);
        Assert.Equal(value, records[0].Value.ToArray());
        Assert.Equal(("key-1", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", new LogPosition(0, 0)), (records[0].Key, records[0].TraceParent, records[0].Position));
        Assert.Equal(("", null, 0), (records[1].Key, records[1].TraceParent, records[1].Value.Length));
        Assert.InRange(records[0].Timestamp, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow.AddMinutes(1));
    }

    [Fact]
    public async Task The_callers_buffer_may_be_used_again_after_the_acknowledgement()
    {
        byte[] buffer = [1, 2, 3];
        await Log.ProduceAsync(Narrow, [new LogRecord("k", buffer)], Cancel);
        buffer[0] = 99;

        await using var reader = Log.Subscribe(FromTheFirst(Narrow));
        Assert.Equal(1, (await ReadAsync(reader, 1))[0].Value.Span[0]);
    }

    [Fact]
    public async Task A_key_keeps_to_the_partition_that_Kafkas_own_partitioner_gives_it()
    {
        // Murmur2 of org.apache.kafka.common.utils.Utils, sign bit cleared, modulo 6.
        var positions = await Log.ProduceAsync(Spread, [Record("21"), Record("foobar"), Record("a-little-bit-long-string"), Record("abc"), Record("foobar")], Cancel);

        Assert.Equal(
            [(-973932308 & int.MaxValue) % 6, (-790332482 & int.MaxValue) % 6, (-985981536 & int.MaxValue) % 6, (479470107 & int.MaxValue) % 6, (-790332482 & int.MaxValue) % 6],
            positions.Select(position => position.Partition));
    }

    [Fact]
    public async Task Many_producers_at_once_lose_nothing_double_nothing_and_keep_each_partitions_order()
    {
        const int Producers = 40, Calls = 25, PerCall = 8;
        var acknowledged = new ConcurrentDictionary<LogPosition, string>();
        await Parallel.ForEachAsync(Enumerable.Range(0, Producers), new ParallelOptions { MaxDegreeOfParallelism = Producers, CancellationToken = Cancel }, async (producer, cancel) =>
        {
            for (var call = 0; call < Calls; call++)
            {
                var records = Enumerable.Range(0, PerCall).Select(i => Record($"{producer}", $"{producer}/{(call * PerCall) + i}")).ToArray();
                var positions = await Log.ProduceAsync(Spread, records, cancel);
                for (var i = 0; i < PerCall; i++) { Assert.True(acknowledged.TryAdd(positions[i], Text(records[i].Value))); }
            }
        });

        await using var reader = Log.Subscribe(FromTheFirst(Spread));
        var read = await ReadAsync(reader, Producers * Calls * PerCall);
        Assert.Equal(acknowledged, read.ToDictionary(record => record.Position, record => Text(record.Value)));
        foreach (var partition in read.GroupBy(record => record.Position.Partition))
        {
            Assert.Equal(Enumerable.Range(0, partition.Count()).Select(offset => (long)offset), partition.Select(record => record.Position.Offset));
        }
        foreach (var producer in read.GroupBy(record => record.Key))
        {
            Assert.Equal(Enumerable.Range(0, Calls * PerCall), producer.Select(record => int.Parse(Text(record.Value).Split('/')[1], CultureInfo.InvariantCulture)));
        }
    }

    [Fact]
    public async Task A_waiting_reader_is_woken_by_a_record()
    {
        await using var reader = Log.Subscribe(FromTheFirst(Narrow));
        Assert.Empty(await reader.ReadAsync(10, TimeSpan.Zero, Cancel));
        var waiting = reader.ReadAsync(10, TimeSpan.FromMinutes(5), Cancel).AsTask();
        Assert.False(waiting.IsCompleted);

        await Log.ProduceAsync(Narrow, [Record("k", "woken")], Cancel);
        Assert.Equal("woken", Text(Assert.Single(await waiting.WaitAsync(Limit, Cancel)).Value));
    }

    [Fact]
    public async Task Reading_ends_with_the_wait_and_with_the_callers_cancellation()
    {
        await using var reader = Log.Subscribe(FromTheFirst(Narrow));
        Assert.Empty(await reader.ReadAsync(10, TimeSpan.FromMilliseconds(50), Cancel));

        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var waiting = reader.ReadAsync(10, TimeSpan.FromMinutes(5), leaving.Token).AsTask();
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(Limit, Cancel));
    }

    [Fact]
    public async Task A_read_gives_no_more_than_was_asked_for_and_goes_on_where_it_stopped()
    {
        await Log.ProduceAsync(Narrow, [.. Enumerable.Range(0, 10).Select(i => Record("k", $"{i}"))], Cancel);
        await using var reader = Log.Subscribe(FromTheFirst(Narrow));

        Assert.Equal(["0", "1", "2"], Texts(await reader.ReadAsync(3, Limit, Cancel)));
        Assert.Equal(["3", "4", "5", "6", "7", "8", "9"], Texts(await ReadAsync(reader, 7)));
    }

    [Fact]
    public async Task A_group_goes_on_after_a_restart_at_what_it_committed()
    {
        await Log.ProduceAsync(Narrow, [Record("k", "a"), Record("k", "b"), Record("k", "c")], Cancel);
        await using (var reader = Log.Subscribe(Committed(Narrow, "group")))
        {
            Assert.Equal(["a", "b"], Texts(await ReadAsync(reader, 2, max: 2)));
            await reader.CommitAsync(Cancel);
            Assert.Equal(["c"], Texts(await ReadAsync(reader, 1)));
        }

        Log = await RestartAsync();
        await using var again = Log.Subscribe(Committed(Narrow, "group"));
        Assert.Equal(["c"], Texts(await ReadAsync(again, 1)));
        await using var other = Log.Subscribe(Committed(Narrow, "another-group"));
        Assert.Equal(["a", "b", "c"], Texts(await ReadAsync(other, 3)));
    }

    [Fact]
    public async Task A_fence_is_past_every_acknowledged_record_and_before_the_next()
    {
        var before = await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 100).Select(i => Record($"{i}"))], Cancel);
        var fence = await Log.FenceAsync(Spread, Cancel);
        Assert.Equal(6, fence.Count);
        Assert.All(before, position => Assert.True(position.Offset < fence[position.Partition]));
        var after = await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 100).Select(i => Record($"{i}"))], Cancel);
        Assert.All(after, position => Assert.True(position.Offset >= fence[position.Partition]));
        await using var reader = Log.Subscribe(FromTheFirst(Spread));
        var read = new List<ConsumedRecord>();
        await Eventually.TrueAsync(async () =>
        {
            read.AddRange(await reader.ReadAsync(1_000, TimeSpan.FromSeconds(1), Cancel));
            return read.Count(record => !LogFence.Is(record)) == before.Count + after.Count;
        }, Limit, "every record is read");
    }

    [Fact]
    public async Task Offsets_go_on_after_a_restart()
    {
        await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 100).Select(i => Record($"{i}"))], Cancel);
        var ends = await Log.EndOffsetsAsync(Spread, Cancel);

        Log = await RestartAsync();
        Assert.Equal(ends, await Log.EndOffsetsAsync(Spread, Cancel));
        var position = Assert.Single(await Log.ProduceAsync(Spread, [Record("after")], Cancel));
        Assert.Equal(ends[position.Partition], position.Offset);
    }

    [Fact]
    public async Task A_groups_readers_share_the_partitions_and_take_over_from_one_that_leaves()
    {
        await using var first = Log.Subscribe(Committed(Spread, "group"));
        var second = Log.Subscribe(Committed(Spread, "group"));
        var seen = new ConcurrentBag<(int Reader, ConsumedRecord Record)>();

        // Both have their partitions before anything is produced.
        await Eventually.TrueAsync(async () =>
        {
            await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 60).Select(i => Record($"{i}", "before"))], Cancel);
            foreach (var (number, reader) in new[] { (1, first), (2, second) })
            {
                foreach (var record in await reader.ReadAsync(1_000, TimeSpan.FromMilliseconds(200), Cancel)) { seen.Add((number, record)); }
                await reader.CommitAsync(Cancel);
            }
            return seen.Any(entry => entry.Reader == 1) && seen.Any(entry => entry.Reader == 2);
        }, Limit, "both readers get records");

        await second.DisposeAsync();
        await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 60).Select(i => Record($"{i}", "after"))], Cancel);
        var taken = new List<ConsumedRecord>();
        await Eventually.TrueAsync(async () =>
        {
            taken.AddRange(await first.ReadAsync(1_000, TimeSpan.FromMilliseconds(200), Cancel));
            return taken.Count(record => Text(record.Value) == "after") == 60;
        }, Limit, "the reader that stays gets every partition's records");
    }

    [Fact]
    public async Task Without_a_group_every_reader_gets_everything()
    {
        await using var first = Log.Subscribe(FromTheFirst(Spread));
        await using var second = Log.Subscribe(FromTheFirst(Spread));
        await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 50).Select(i => Record($"{i}"))], Cancel);

        Assert.Equal(50, (await ReadAsync(first, 50)).Count);
        Assert.Equal(50, (await ReadAsync(second, 50)).Count);
    }

    [Fact]
    public async Task A_reader_starts_at_the_offsets_that_its_caller_keeps()
    {
        var produced = await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 200).Select(i => Record($"{i}"))], Cancel);
        // The fifth has been read to its end. Beyond the end an engine may begin anew: Kafka does.
        var kept = new long?[] { 3, null, 5, 0, produced.Count(position => position.Partition == 4), 7 };
        await using var reader = Log.Subscribe(new LogSubscription(Spread, "keeper", new LogStart.Kept((partition, _, _) => ValueTask.FromResult(kept[partition]))));

        var expected = produced.Where(position => position.Offset >= (kept[position.Partition] ?? 0)).ToHashSet();
        var read = await ReadAsync(reader, expected.Count);
        Assert.Equal(expected, read.Select(record => record.Position).ToHashSet());
        Assert.Empty(await reader.ReadAsync(10, TimeSpan.FromMilliseconds(100), Cancel));
    }

    [Fact]
    public async Task Whoever_keeps_offsets_is_told_what_the_group_has_committed()
    {
        await Log.ProduceAsync(Narrow, [Record("k", "a"), Record("k", "b"), Record("k", "c")], Cancel);
        var told = new ConcurrentQueue<long?>();
        var subscription = new LogSubscription(Narrow, "keeper", new LogStart.Kept((_, committed, _) =>
        {
            told.Enqueue(committed);
            return ValueTask.FromResult(committed);
        }));
        await using (var reader = Log.Subscribe(subscription))
        {
            await ReadAsync(reader, 2, max: 2);
            await reader.CommitAsync(Cancel);
        }
        await using var again = Log.Subscribe(subscription);
        Assert.Equal(["c"], Texts(await ReadAsync(again, 1)));
        Assert.Equal([null, 2], told);
    }

    [Fact]
    public async Task A_record_is_found_by_its_place()
    {
        var produced = await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 60).Select(i => Record($"{i}", $"{i}"))], Cancel);
        for (var i = 0; i < produced.Count; i += 13)
        {
            var found = await Log.FindRecordAsync(Spread, produced[i], Cancel);
            Assert.Equal((produced[i], $"{i}"), (found!.Value.Position, Text(found.Value.Value)));
        }
        var ends = await Log.EndOffsetsAsync(Spread, Cancel);
        Assert.Null(await Log.FindRecordAsync(Spread, new LogPosition(2, ends[2]), Cancel));
        Assert.Null(await Log.FindRecordAsync(Spread, new LogPosition(-1, -1), Cancel));
    }

    [Fact]
    public async Task A_rewound_reader_gets_again_what_was_not_committed()
    {
        await Log.ProduceAsync(Narrow, [Record("k", "a"), Record("k", "b"), Record("k", "c")], Cancel);
        await using var reader = Log.Subscribe(Committed(Narrow, "group"));
        await ReadAsync(reader, 1, max: 1);
        await reader.CommitAsync(Cancel);
        await ReadAsync(reader, 2);

        await reader.RewindAsync(Cancel);
        Assert.Equal(["b", "c"], Texts(await ReadAsync(reader, 2)));
    }

    [Fact]
    public async Task A_reader_starts_at_an_instant()
    {
        await Log.ProduceAsync(Narrow, [Record("k", "early")], Cancel);
        await using var clock = Log.Subscribe(FromTheFirst(Narrow));
        var early = (await ReadAsync(clock, 1))[0].Timestamp;
        await Eventually.TrueAsync(() => DateTimeOffset.UtcNow > early.AddMilliseconds(5), Limit, "the clock moves on");
        await Log.ProduceAsync(Narrow, [Record("k", "late")], Cancel);

        await using var reader = Log.Subscribe(new LogSubscription(Narrow, null, new LogStart.Since(early.AddMilliseconds(1))));
        Assert.Equal(["late"], Texts(await ReadAsync(reader, 1)));
        await using var later = Log.Subscribe(new LogSubscription(Narrow, null, new LogStart.Since(DateTimeOffset.UtcNow.AddHours(1))));
        Assert.Empty(await later.ReadAsync(10, TimeSpan.FromMilliseconds(100), Cancel));
        await Log.ProduceAsync(Narrow, [Record("k", "next")], Cancel);
        Assert.Equal(["next"], Texts(await ReadAsync(later, 1)));
    }

    [Fact]
    public async Task Start_and_end_offsets_are_told_for_each_partition()
    {
        var positions = await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 30).Select(i => Record($"{i}"))], Cancel);

        Assert.Equal([0, 0, 0, 0, 0, 0], await Log.StartOffsetsAsync(Spread, Cancel));
        Assert.Equal(Enumerable.Range(0, 6).Select(partition => (long)positions.Count(position => position.Partition == partition)), await Log.EndOffsetsAsync(Spread, Cancel));
    }

    [Fact]
    public async Task Making_topics_twice_changes_nothing()
    {
        await Log.ProduceAsync(Narrow, [Record("k", "kept")], Cancel);
        await Log.EnsureTopicsAsync([Spread, Narrow, new Topic("one-more", 2, TimeSpan.FromDays(1))], Cancel);

        await using var reader = Log.Subscribe(FromTheFirst(Narrow));
        Assert.Equal(["kept"], Texts(await ReadAsync(reader, 1)));
        Assert.Equal(2, (await Log.EndOffsetsAsync(new Topic("one-more", 2, null), Cancel)).Count);
    }

    [Fact]
    public async Task A_topic_that_was_not_made_is_an_unavailable_log() =>
        await Assert.ThrowsAsync<LogUnavailableException>(() => Log.ProduceAsync(new Topic("never-made", 1, null), [Record("k")], Cancel));

    [Fact]
    public async Task Records_beyond_their_bounds_are_refused_before_anything_is_written()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Log.ProduceAsync(Narrow, [Record("fine"), Record(new string('k', 65))], Cancel));
        await Assert.ThrowsAsync<ArgumentException>(() => Log.ProduceAsync(Narrow, [Record("fine"), new LogRecord("k", new byte[(64 * 1024) + 1])], Cancel));
        Assert.Equal([0], await Log.EndOffsetsAsync(Narrow, Cancel));

        await Log.ProduceAsync(Narrow, [new LogRecord(new string('k', 64), new byte[64 * 1024])], Cancel);
        Assert.Equal([1], await Log.EndOffsetsAsync(Narrow, Cancel));
    }

    internal static LogRecord Record(string key, string value = "") => new(key, Encoding.UTF8.GetBytes(value));

    protected static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span);

    protected static string[] Texts(IEnumerable<ConsumedRecord> records) => [.. records.Select(record => Text(record.Value))];

    protected static LogSubscription FromTheFirst(Topic topic) => new(topic, null, new LogStart.Since(DateTimeOffset.UnixEpoch));

    protected static LogSubscription Committed(Topic topic, string group) => new(topic, group, new LogStart.Committed());

    /// <summary>Reads until there are so many, within the limit.</summary>
    protected static async Task<List<ConsumedRecord>> ReadAsync(ILogReader reader, int count, int max = 1_000)
    {
        var records = new List<ConsumedRecord>();
        await Eventually.TrueAsync(async () =>
        {
            records.AddRange(await reader.ReadAsync(max, TimeSpan.FromSeconds(1), Cancel));
            return records.Count >= count;
        }, Limit, $"{count} records are read");
        Assert.Equal(count, records.Count);
        return records;
    }
}
