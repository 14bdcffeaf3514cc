using FirstCome.Contracts.Messages;
using Microsoft.Data.Sqlite;

namespace FirstCome.Engines.Log;

/// <summary>
/// The writer's side of the embedded log's file; for one thread at a time.
/// <code>
/// topic       name → partitions, counted_id: the partitions' next offsets count every record before this id
/// partition   topic, partition → start_offset, next_offset (see counted_id; what came later is counted when the file is opened)
/// committed   consumer_group, topic, partition → next_offset
/// records/T   one table for topic T: id in the order of arrival, so that an append touches the table's last page only, whatever its partition;
///             partition and offset (dense in each partition, ascending with id), timestamp (Unix milliseconds, never decreasing), key, value, trace_parent
/// </code>
/// </summary>
internal sealed class LogFile : IDisposable
{
    private readonly FileStream _lock;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _begin, _commit, _commitOffset;
    private readonly Dictionary<string, SqliteCommand> _appends = new(StringComparer.Ordinal);

    private LogFile(FileStream held, SqliteConnection connection)
    {
        _lock = held;
        _connection = connection;
        _begin = Command("BEGIN IMMEDIATE");
        _commit = Command("COMMIT");
        _commitOffset = Command(
            """
            INSERT INTO committed (consumer_group, topic, partition, next_offset) VALUES ($group, $topic, $partition, $next)
            ON CONFLICT (consumer_group, topic, partition) DO UPDATE SET next_offset = excluded.next_offset
            """,
            "$group", "$topic", "$partition", "$next");
    }

    public static LogFile Open(string path)
    {
        // Two processes on one file would give the same offsets twice. The lock goes with its process, however that ends.
        var held = new FileStream(path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false, DefaultTimeout = 5 }.ConnectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            command.CommandText =
                """
                PRAGMA busy_timeout = 5000;
                PRAGMA journal_mode = WAL;
                PRAGMA synchronous = NORMAL;
                CREATE TABLE IF NOT EXISTS topic (name TEXT PRIMARY KEY, partitions INTEGER NOT NULL, counted_id INTEGER NOT NULL) WITHOUT ROWID;
                CREATE TABLE IF NOT EXISTS partition (
                    topic TEXT NOT NULL, partition INTEGER NOT NULL, start_offset INTEGER NOT NULL, next_offset INTEGER NOT NULL, PRIMARY KEY (topic, partition)) WITHOUT ROWID;
                CREATE TABLE IF NOT EXISTS committed (
                    consumer_group TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, next_offset INTEGER NOT NULL,
                    PRIMARY KEY (consumer_group, topic, partition)) WITHOUT ROWID;
                """;
            command.ExecuteNonQuery();
            return new LogFile(held, connection);
        }
        catch
        {
            connection.Dispose();
            held.Dispose();
            throw;
        }
    }

    public void Begin() => _begin.ExecuteNonQuery();

    public void Commit() => _commit.ExecuteNonQuery();

    public void MakeTopic(Topic topic)
    {
        Execute("INSERT INTO topic (name, partitions, counted_id) VALUES ($name, $partitions, 1)", ("$name", topic.Name), ("$partitions", topic.Partitions));
        for (var partition = 0; partition < topic.Partitions; partition++)
        {
            Execute("INSERT INTO partition (topic, partition, start_offset, next_offset) VALUES ($topic, $partition, 0, 0)", ("$topic", topic.Name), ("$partition", partition));
        }
        Execute(
            $"""
            CREATE TABLE {Table(topic.Name)} (
                id INTEGER PRIMARY KEY, partition INTEGER NOT NULL, "offset" INTEGER NOT NULL, timestamp INTEGER NOT NULL, key TEXT NOT NULL, value BLOB NOT NULL, trace_parent TEXT)
            """);
    }

    /// <summary>Every topic's counters as they are committed.</summary>
    public IReadOnlyList<TopicCounters> LoadTopics()
    {
        var topics = new List<(string Name, int Partitions, long CountedId)>();
        Query("SELECT name, partitions, counted_id FROM topic", row => topics.Add((row.GetString(0), row.GetInt32(1), row.GetInt64(2))));
        return [.. topics.Select(topic => LoadCounters(topic.Name, topic.Partitions, topic.CountedId))];
    }

    private TopicCounters LoadCounters(string topic, int partitions, long countedId)
    {
        var counters = new TopicCounters(topic, partitions) { FirstId = countedId, NextId = countedId };
        Query(
            "SELECT partition, start_offset, next_offset FROM partition WHERE topic = $topic",
            row => (counters.StartOffsets[row.GetInt32(0)], counters.NextOffsets[row.GetInt32(0)]) = (row.GetInt64(1), row.GetInt64(2)), ("$topic", topic));
        Query(
            $"""SELECT partition, MAX("offset") FROM {Table(topic)} WHERE id >= $counted GROUP BY partition""",
            row => counters.NextOffsets[row.GetInt32(0)] = row.GetInt64(1) + 1, ("$counted", countedId));
        Query($"SELECT id FROM {Table(topic)} ORDER BY id LIMIT 1", row => counters.FirstId = row.GetInt64(0));
        Query(
            $"SELECT id, timestamp FROM {Table(topic)} ORDER BY id DESC LIMIT 1",
            row => (counters.NextId, counters.LastTimestampMs) = (Math.Max(countedId, row.GetInt64(0) + 1), row.GetInt64(1)));
        return counters;
    }

    /// <summary>Bounds what has to be counted at the next opening.</summary>
    public void SaveCounters(TopicCounters counters)
    {
        Execute("UPDATE topic SET counted_id = $next WHERE name = $topic", ("$next", counters.NextId), ("$topic", counters.Topic));
        for (var partition = 0; partition < counters.NextOffsets.Length; partition++)
        {
            Execute(
                "UPDATE partition SET start_offset = $start, next_offset = $next WHERE topic = $topic AND partition = $partition",
                ("$start", counters.StartOffsets[partition]), ("$next", counters.NextOffsets[partition]), ("$topic", counters.Topic), ("$partition", partition));
        }
    }

    public void Append(string topic, long id, LogPosition position, long timestampMs, string key, byte[] value, string? traceParent)
    {
        if (!_appends.TryGetValue(topic, out var append))
        {
            append = _appends[topic] = Command(
                $"""
                INSERT INTO {Table(topic)} (id, partition, "offset", timestamp, key, value, trace_parent) VALUES ($id, $partition, $offset, $timestamp, $key, $value, $trace)
                """,
                "$id", "$partition", "$offset", "$timestamp", "$key", "$value", "$trace");
        }
        append.Parameters[0].Value = id;
        append.Parameters[1].Value = position.Partition;
        append.Parameters[2].Value = position.Offset;
        append.Parameters[3].Value = timestampMs;
        append.Parameters[4].Value = key;
        append.Parameters[5].Value = value;
        append.Parameters[6].Value = traceParent is null ? DBNull.Value : traceParent;
        append.ExecuteNonQuery();
    }

    public void CommitOffset(string group, string topic, int partition, long nextOffset)
    {
        _commitOffset.Parameters[0].Value = group;
        _commitOffset.Parameters[1].Value = topic;
        _commitOffset.Parameters[2].Value = partition;
        _commitOffset.Parameters[3].Value = nextOffset;
        _commitOffset.ExecuteNonQuery();
    }

    /// <summary>For each partition the group's committed next offset, or null.</summary>
    public long?[] CommittedOffsets(string group, string topic, int partitions)
    {
        var committed = new long?[partitions];
        Query(
            "SELECT partition, next_offset FROM committed WHERE consumer_group = $group AND topic = $topic",
            row => committed[row.GetInt32(0)] = row.GetInt64(1), ("$group", group), ("$topic", topic));
        return committed;
    }

    /// <summary>Deletes records older than an instant, at most <paramref name="max"/>, and moves the counters' start. Returns how many.</summary>
    public int DeleteBefore(TopicCounters counters, long timestampMs, int max)
    {
        var table = Table(counters.Topic);
        var through = 0L;
        Query(
            $"SELECT MAX(id) FROM (SELECT id, timestamp FROM {table} ORDER BY id LIMIT $max) WHERE timestamp < $before",
            row => through = row.IsDBNull(0) ? 0 : row.GetInt64(0), ("$max", max), ("$before", timestampMs));
        if (through == 0) { return 0; }
        Query(
            $"""SELECT partition, MAX("offset") FROM {table} WHERE id <= $through GROUP BY partition""",
            row => counters.StartOffsets[row.GetInt32(0)] = row.GetInt64(1) + 1, ("$through", through));
        var deleted = Execute($"DELETE FROM {table} WHERE id <= $through", ("$through", through));
        counters.FirstId = through + 1;
        SaveCounters(counters);
        return deleted;
    }

    public void Dispose()
    {
        foreach (var append in _appends.Values) { append.Dispose(); }
        _begin.Dispose();
        _commit.Dispose();
        _commitOffset.Dispose();
        _connection.Dispose();
        _lock.Dispose();
    }

    /// <summary>The name of a topic's table, quoted. Topic names are checked when a topic is made.</summary>
    public static string Table(string topic) => $"\"records/{topic}\"";

    private SqliteCommand Command(string sql, params ReadOnlySpan<string> parameters)
    {
        var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters) { command.Parameters.AddWithValue(parameter, DBNull.Value); }
        command.Prepare();
        return command;
    }

    private int Execute(string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) { command.Parameters.AddWithValue(name, value); }
        return command.ExecuteNonQuery();
    }

    private void Query(string sql, Action<SqliteDataReader> onRow, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = _connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters) { command.Parameters.AddWithValue(name, value); }
        using var rows = command.ExecuteReader();
        while (rows.Read()) { onRow(rows); }
    }
}
