using Microsoft.Data.Sqlite;

namespace FirstCome.Engines.Log;

internal sealed class EmbeddedLogReader : ILogReader
{
    private const int FileRowsMax = 2_000;
    private const int FileBytesMax = 8 * 1024 * 1024;
    // Publications wake a reader at once; this bounds what a lost wake-up or a change of the group's readers could cost.
    private static readonly TimeSpan s_pollInterval = TimeSpan.FromSeconds(1);

    private readonly EmbeddedLog _log;
    private readonly LogSubscription _subscription;
    private readonly ConsumerGroup? _group;
    private readonly TimeProvider _time;
    private readonly HashSet<int> _uncommitted = [];
    private TopicLog? _topic;
    private ReadPosition? _position;
    private long _generation = -1;

    public EmbeddedLogReader(EmbeddedLog log, LogSubscription subscription, ConsumerGroup? group, TimeProvider time)
    {
        _log = log;
        _subscription = subscription;
        _group = group;
        _time = time;
        group?.Join(this);
    }

    public async ValueTask<IReadOnlyList<ConsumedRecord>> ReadAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(max);
        try { return await ReadNextAsync(max, wait, cancellationToken); }
        catch (SqliteException exception) { throw new LogUnavailableException($"The log cannot read its file: {exception.Message}", exception); }
    }

    public async ValueTask CommitAsync(CancellationToken cancellationToken)
    {
        if (_group is null || _position is null || _uncommitted.Count == 0) { return; }
        var offsets = _uncommitted.Where(partition => _position.Next[partition] is not null).Select(partition => (partition, _position.Next[partition]!.Value)).ToArray();
        // Asked within the writer's transaction: a partition that went to another reader meanwhile is that reader's to commit.
        await _log.CommitOffsetsAsync(_group.Name, _subscription.Topic.Name, () => offsets.Where(offset => _group.Owns(this, offset.partition)), cancellationToken);
        _uncommitted.Clear();
    }

    public ValueTask RewindAsync(CancellationToken cancellationToken)
    {
        _position = null;
        _uncommitted.Clear();
        return ValueTask.CompletedTask;
    }

    public ValueTask DisposeAsync()
    {
        _group?.Leave(this);
        _topic?.Signal();
        return ValueTask.CompletedTask;
    }

    private async Task<List<ConsumedRecord>> ReadNextAsync(int max, TimeSpan wait, CancellationToken cancellationToken)
    {
        var started = _time.GetTimestamp();
        var records = new List<ConsumedRecord>();
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_log.Stopping.IsCancellationRequested) { throw new LogUnavailableException("The log is closed."); }
            _topic ??= await _log.TopicAsync(_subscription.Topic.Name, cancellationToken);
            var publication = _topic.NextPublication();
            var position = await PositionAsync(_topic, cancellationToken);
            Read(_topic, position, max, records);
            if (records.Count > 0) { break; }

            var left = wait - _time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero) { break; }
            await publication.WaitAsync(left < s_pollInterval ? left : s_pollInterval, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
        foreach (var record in records) { _uncommitted.Add(record.Position.Partition); }
        return records;
    }

    private void Read(TopicLog topic, ReadPosition position, int max, List<ConsumedRecord> into)
    {
        while (into.Count == 0 && !topic.TryReadTail(position, max, into)) { ReadFile(topic, position, max, into); }
    }

    private void ReadFile(TopicLog topic, ReadPosition position, int max, List<ConsumedRecord> into)
    {
        var (first, end) = topic.Range;
        var from = Math.Max(position.Id, first);
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText =
            $"""
            SELECT id, partition, "offset", timestamp, key, value, trace_parent FROM {LogFile.Table(topic.Name)} WHERE id >= $from AND id < $end ORDER BY id LIMIT $max
            """;
        command.Parameters.AddWithValue("$from", from);
        command.Parameters.AddWithValue("$end", end);
        command.Parameters.AddWithValue("$max", FileRowsMax);
        using var rows = command.ExecuteReader();
        position.Id = Math.Min(from + FileRowsMax, end);
        for (var bytes = 0; rows.Read();)
        {
            var (id, partition, offset) = (rows.GetInt64(0), rows.GetInt32(1), rows.GetInt64(2));
            if (position.Next[partition] is not { } next || offset < next) { continue; }
            if (into.Count == max || bytes > FileBytesMax)
            {
                position.Id = id;
                return;
            }
            var value = rows.GetFieldValue<byte[]>(5);
            bytes += value.Length;
            into.Add(new ConsumedRecord(
                new LogPosition(partition, offset), DateTimeOffset.FromUnixTimeMilliseconds(rows.GetInt64(3)), rows.GetString(4), value, rows.IsDBNull(6) ? null : rows.GetString(6)));
            position.Next[partition] = offset + 1;
        }
    }

    private async ValueTask<ReadPosition> PositionAsync(TopicLog topic, CancellationToken cancellationToken)
    {
        var generation = _group?.Generation ?? 0;
        if (_position is { } current && generation == _generation) { return current; }

        var position = new ReadPosition(topic.Partitions) { Id = topic.Range.End };
        for (var partition = 0; partition < topic.Partitions; partition++)
        {
            if (_group is not null && !_group.Owns(this, partition)) { continue; }
            // What this reader goes on to own goes on where it is.
            position.Next[partition] = _position?.Next[partition] ?? await StartAsync(topic, partition, cancellationToken);
            position.Id = Math.Min(position.Id, FirstIdOf(topic, partition, position.Next[partition]!.Value));
        }
        _uncommitted.RemoveWhere(partition => position.Next[partition] is null);
        (_position, _generation) = (position, generation);
        return position;
    }

    private async ValueTask<long> StartAsync(TopicLog topic, int partition, CancellationToken cancellationToken)
    {
        var (start, end) = topic.Offsets(partition);
        switch (_subscription.Start)
        {
            case LogStart.Committed:
                return Math.Max(start, await CommittedAsync(topic, partition, cancellationToken) ?? 0);
            case LogStart.Kept kept:
                return Math.Max(start, await kept.NextOffset(partition, await CommittedAsync(topic, partition, cancellationToken), cancellationToken) ?? 0);
            case LogStart.Since since:
                return FirstOffsetSince(topic, partition, since.Instant.ToUnixTimeMilliseconds()) ?? end;
            default:
                throw new InvalidOperationException($"No start as {_subscription.Start}.");
        }
    }

    private async ValueTask<long?> CommittedAsync(TopicLog topic, int partition, CancellationToken cancellationToken) =>
        _group is null ? null : (await _log.CommittedOffsetsAsync(_group.Name, topic, cancellationToken))[partition];

    // Ids ascend with a partition's offsets, so halving finds the place; each step looks at the next few rows until one is of the partition.
    private long FirstIdOf(TopicLog topic, int partition, long offset)
    {
        var (first, end) = topic.Range;
        if (offset >= topic.Offsets(partition).End) { return end; }
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"""SELECT id, "offset" FROM {LogFile.Table(topic.Name)} WHERE id >= $from AND id < $to AND partition = $partition ORDER BY id LIMIT 1""";
        var (from, to) = (command.Parameters.AddWithValue("$from", 0L), command.Parameters.AddWithValue("$to", 0L));
        command.Parameters.AddWithValue("$partition", partition);
        var (low, high, found) = (first, end, end);
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            (from.Value, to.Value) = (middle, high);
            using var rows = command.ExecuteReader();
            if (rows.Read() && rows.GetInt64(1) < offset) { low = rows.GetInt64(0) + 1; continue; }
            if (rows.HasRows) { found = rows.GetInt64(0); }
            high = middle;
        }
        return found;
    }

    private long? FirstOffsetSince(TopicLog topic, int partition, long timestampMs)
    {
        using var connection = Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT timestamp FROM {LogFile.Table(topic.Name)} WHERE id = $id";
        var id = command.Parameters.AddWithValue("$id", 0L);
        var (low, high) = topic.Range;
        while (low < high)
        {
            var middle = low + ((high - low) / 2);
            id.Value = middle;
            // A record that has been deleted meanwhile was older than any that is kept.
            if (command.ExecuteScalar() is not long timestamp || timestamp < timestampMs) { low = middle + 1; }
            else { high = middle; }
        }
        command.CommandText = $"""SELECT "offset" FROM {LogFile.Table(topic.Name)} WHERE id >= $id AND partition = $partition ORDER BY id LIMIT 1""";
        id.Value = low;
        command.Parameters.AddWithValue("$partition", partition);
        return command.ExecuteScalar() as long?;
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_log.ReaderConnectionString);
        try
        {
            connection.Open();
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }
}
