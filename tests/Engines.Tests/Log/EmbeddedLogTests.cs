using System.Globalization;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.TestKit;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FirstCome.EnginesTests.Log;

public sealed class EmbeddedLogTests : EventLogBehaviour
{
    private readonly TemporaryFolder _folder = new();
    private EmbeddedLog? _log;

    private string File => _folder.File("log.db");

    protected override Task<IEventLog> StartAsync() => Task.FromResult<IEventLog>(_log = Open(TimeProvider.System));

    protected override async Task<IEventLog> RestartAsync()
    {
        await _log!.DisposeAsync();
        return _log = Open(TimeProvider.System);
    }

    public override async ValueTask DisposeAsync()
    {
        await _log!.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_reader_far_behind_reads_the_file_and_goes_over_to_memory_without_a_gap()
    {
        Log = _log = await ReopenAsync(new EmbeddedLogOptions { File = File, TailRecordsMax = 16 });
        await using var reader = Log.Subscribe(FromTheFirst(Spread));
        var expected = new List<LogPosition>();
        var read = new List<ConsumedRecord>();
        for (var round = 0; round < 60; round++)
        {
            expected.AddRange(await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, round).Select(i => Record($"{round}-{i}"))], Cancel));
            read.AddRange(await reader.ReadAsync(25, TimeSpan.Zero, Cancel));
        }
        read.AddRange(await ReadAsync(reader, expected.Count - read.Count));

        Assert.Equal(expected, read.Select(record => record.Position));
    }

    [Fact]
    public async Task The_tail_in_memory_is_bounded_by_bytes()
    {
        Log = _log = await ReopenAsync(new EmbeddedLogOptions { File = File, TailBytesMax = 100_000 });
        await Log.ProduceAsync(Narrow, [.. Enumerable.Range(0, 10).Select(_ => new LogRecord("k", new byte[60_000]))], Cancel);

        await using var reader = Log.Subscribe(FromTheFirst(Narrow));
        Assert.Equal(10, (await ReadAsync(reader, 10)).Count);
    }

    [Fact]
    public async Task A_reader_finds_its_place_among_many_records_of_other_partitions()
    {
        var produced = await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 5_000).Select(i => Record($"{i}", $"{i}"))], Cancel);
        Log = await RestartAsync();
        for (var partition = 0; partition < 6; partition++)
        {
            var last = produced.Where(position => position.Partition == partition).Max(position => position.Offset);
            foreach (var start in new[] { 0, 1, last / 2, last })
            {
                await using var reader = Log.Subscribe(new LogSubscription(Spread, null, new LogStart.Kept((p, _, _) => ValueTask.FromResult<long?>(p == partition ? start : long.MaxValue))));
                var first = (await reader.ReadAsync(1, Limit, Cancel))[0];
                Assert.Equal(new LogPosition(partition, start), first.Position);
            }
        }
    }

    [Fact]
    public async Task Records_past_their_retention_are_deleted_and_offsets_go_on()
    {
        var time = new FakeTimeProvider(new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero));
        await _log!.DisposeAsync();
        Log = _log = Open(time);
        await Log.EnsureTopicsAsync([Spread, Narrow], Cancel);
        await Log.ProduceAsync(Spread, [.. Enumerable.Range(0, 3_000).Select(i => Record($"{i}", "old"))], Cancel);
        await Log.ProduceAsync(Narrow, [Record("k", "for ever")], Cancel);
        var ends = await Log.EndOffsetsAsync(Spread, Cancel);

        time.Advance(TimeSpan.FromHours(23));
        await Log.ProduceAsync(Spread, [Record("x", "new")], Cancel);
        time.Advance(TimeSpan.FromHours(2));
        await Eventually.TrueAsync(async () =>
        {
            time.Advance(TimeSpan.FromMinutes(15));
            return (await Log.StartOffsetsAsync(Spread, Cancel)).Zip(ends).All(pair => pair.First == pair.Second);
        }, Limit, "the old records are gone");

        await using var reader = Log.Subscribe(FromTheFirst(Spread));
        var left = Assert.Single(await reader.ReadAsync(10, TimeSpan.Zero, Cancel));
        Assert.Equal(("new", ends[left.Position.Partition]), (Text(left.Value), left.Position.Offset));
        await using var single = Log.Subscribe(FromTheFirst(Narrow));
        Assert.Equal(["for ever"], Texts(await single.ReadAsync(10, TimeSpan.Zero, Cancel)));

        await _log.DisposeAsync();
        Log = _log = Open(time);
        Assert.Equal(ends, await Log.StartOffsetsAsync(Spread, Cancel));
    }

    [Fact]
    public async Task A_failed_transaction_is_told_to_its_callers_and_the_next_one_goes_on_without_a_gap()
    {
        await Log.ProduceAsync(Narrow, [Record("k", "before")], Cancel);
        await using var reader = Log.Subscribe(Committed(Narrow, "group"));
        await ReadAsync(reader, 1);
        Break("""ALTER TABLE "records/narrow" RENAME TO "away" """);
        await Assert.ThrowsAsync<LogUnavailableException>(() => Log.ProduceAsync(Narrow, [Record("k", "lost")], Cancel));

        Break("""ALTER TABLE "away" RENAME TO "records/narrow" """);
        Assert.Equal([new LogPosition(0, 1)], await Log.ProduceAsync(Narrow, [Record("k", "after")], Cancel));
        Assert.Equal(["after"], Texts(await ReadAsync(reader, 1)));
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_is_an_unavailable_log_until_it_can()
    {
        await using var log = new EmbeddedLog(new EmbeddedLogOptions { File = _folder.File("missing/log.db") }, TimeProvider.System, NullLogger<EmbeddedLog>.Instance);
        await Assert.ThrowsAsync<LogUnavailableException>(() => log.EnsureTopicsAsync([Narrow], Cancel));

        Directory.CreateDirectory(_folder.File("missing"));
        await log.EnsureTopicsAsync([Narrow], Cancel);
        await log.ProduceAsync(Narrow, [Record("k")], Cancel);
    }

    [Fact]
    public async Task One_file_is_held_by_one_log_at_a_time()
    {
        await using var second = Open(TimeProvider.System);
        var refused = await Assert.ThrowsAsync<LogUnavailableException>(() => second.EndOffsetsAsync(Narrow, Cancel));
        Assert.Contains("log.db", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Closing_writes_what_is_queued_and_then_refuses()
    {
        var producing = Enumerable.Range(0, 500).Select(i => Log.ProduceAsync(Spread, [Record($"{i}", $"{i}")], Cancel)).ToArray();
        await _log!.DisposeAsync();
        await Task.WhenAll(producing);
        await Assert.ThrowsAsync<LogUnavailableException>(() => Log.ProduceAsync(Spread, [Record("late")], Cancel));

        Log = _log = Open(TimeProvider.System);
        Assert.Equal(500, (await Log.EndOffsetsAsync(Spread, Cancel)).Sum());
    }

    [Fact]
    public async Task A_waiting_reader_is_told_when_the_log_closes()
    {
        await using var reader = Log.Subscribe(FromTheFirst(Narrow));
        await reader.ReadAsync(1, TimeSpan.Zero, Cancel);
        var waiting = reader.ReadAsync(1, TimeSpan.FromMinutes(5), Cancel).AsTask();
        await _log!.DisposeAsync();
        await Assert.ThrowsAsync<LogUnavailableException>(() => waiting.WaitAsync(Limit, Cancel));
    }

    [Fact]
    public async Task A_reader_whose_partition_went_to_another_does_not_move_the_others_place()
    {
        await using var first = Log.Subscribe(Committed(Narrow, "group"));
        await Log.ProduceAsync(Narrow, [Record("k", "a"), Record("k", "b")], Cancel);
        await ReadAsync(first, 2);
        await first.DisposeAsync();

        await using var second = Log.Subscribe(Committed(Narrow, "group"));
        Assert.Equal(["a"], Texts(await ReadAsync(second, 1, max: 1)));
        await second.CommitAsync(Cancel);
        await first.CommitAsync(Cancel);
        await second.RewindAsync(Cancel);
        Assert.Equal(["b"], Texts(await ReadAsync(second, 1)));
    }

    [Fact]
    public void Committed_offsets_need_a_group() =>
        Assert.Throws<ArgumentException>(() => Log.Subscribe(new LogSubscription(Narrow, null, new LogStart.Committed())));

    [Theory]
    [InlineData("")]
    [InlineData("Upper")]
    [InlineData("a\"; DROP TABLE topic; --")]
    public async Task A_topics_name_is_checked(string name) =>
        await Assert.ThrowsAsync<ArgumentException>(() => Log.EnsureTopicsAsync([new Topic(name, 1, null)], Cancel));

    [Fact]
    public async Task What_was_acknowledged_is_there_after_kill_9()
    {
        var file = _folder.File("killed.db");
        var acknowledgements = _folder.File("acknowledged.txt");
        await using var writer = ChildProcess.Start(
            Environment.ProcessPath!, ["-class", typeof(KilledWriter).FullName!, "-explicit", "only"],
            new Dictionary<string, string> { [KilledWriter.FileVariable] = file, [KilledWriter.AcknowledgementsVariable] = acknowledgements });
        await Eventually.TrueAsync(
            () => writer.HasExited
                ? throw new InvalidOperationException($"The writer ended: {writer.Output}{writer.Error}")
                : System.IO.File.Exists(acknowledgements) && new FileInfo(acknowledgements).Length > 20_000,
            TimeSpan.FromSeconds(60), "the writer has some thousand acknowledgements");
        await writer.KillAsync();

        var told = System.IO.File.ReadAllText(acknowledgements);
        var acknowledged = told[..(told.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        await using var log = new EmbeddedLog(new EmbeddedLogOptions { File = file }, TimeProvider.System, NullLogger<EmbeddedLog>.Instance);
        await using var reader = log.Subscribe(FromTheFirst(Spread));
        var ends = await log.EndOffsetsAsync(Spread, Cancel);
        var there = (await ReadAsync(reader, (int)ends.Sum(), max: 10_000)).ToDictionary(record => record.Position, record => Text(record.Value));
        Assert.True(acknowledged.Length > 1_000, $"{acknowledged.Length} acknowledgements");
        Assert.All(acknowledged, line =>
        {
            var parts = line.Split(' ');
            var position = new LogPosition(int.Parse(parts[0], CultureInfo.InvariantCulture), long.Parse(parts[1], CultureInfo.InvariantCulture));
            Assert.Equal(parts[2], there[position]);
        });
    }

    private EmbeddedLog Open(TimeProvider time) => new(new EmbeddedLogOptions { File = File }, time, NullLogger<EmbeddedLog>.Instance);

    private async Task<EmbeddedLog> ReopenAsync(EmbeddedLogOptions options)
    {
        await _log!.DisposeAsync();
        return new EmbeddedLog(options, TimeProvider.System, NullLogger<EmbeddedLog>.Instance);
    }

    private void Break(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={File};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}

/// <summary>The child process of <see cref="EmbeddedLogTests.What_was_acknowledged_is_there_after_kill_9"/>: produces until it is killed.</summary>
public sealed class KilledWriter
{
    public const string FileVariable = "FIRSTCOME_KILLED_WRITER_FILE";
    public const string AcknowledgementsVariable = "FIRSTCOME_KILLED_WRITER_ACKNOWLEDGEMENTS";

    [Fact(Explicit = true)]
    public async Task Produces_until_killed()
    {
        var file = Environment.GetEnvironmentVariable(FileVariable);
        Assert.SkipWhen(file is null, "runs only as a child process");
        var topic = new Topic("spread", 6, null);
        await using var acknowledgements = new FileStream(Environment.GetEnvironmentVariable(AcknowledgementsVariable)!, FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0);
        await using var log = new EmbeddedLog(new EmbeddedLogOptions { File = file! }, TimeProvider.System, NullLogger<EmbeddedLog>.Instance);
        await log.EnsureTopicsAsync([topic], CancellationToken.None);
        for (var call = 0; call < 100_000; call++)
        {
            var records = Enumerable.Range(0, 5).Select(i => new LogRecord($"{call}-{i}", System.Text.Encoding.UTF8.GetBytes($"{call}/{i}"))).ToArray();
            var positions = await log.ProduceAsync(topic, records, CancellationToken.None);
            var lines = string.Concat(positions.Select((position, i) => $"{position.Partition} {position.Offset} {call}/{i}\n"));
            acknowledgements.Write(System.Text.Encoding.ASCII.GetBytes(lines));
        }
    }
}
