using System.Text.RegularExpressions;
using System.Threading.Channels;
using FirstCome.Contracts.Messages;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log;

/// <summary>
/// The log as a SQLite file of one process. A single writer takes whatever calls wait, writes them in one transaction and answers them after its commit (group commit, no timer:
/// while one commit is under way the next batch gathers). Readers that have caught up read from memory and are woken by the commit; others read the file.
/// What is acknowledged survives the death of the process (write-ahead log, <c>synchronous=NORMAL</c>); the last commits may be lost with the machine's power.
/// A disk error fails the calls of its transaction; the file is then opened again, and what it holds is the truth.
/// </summary>
public sealed partial class EmbeddedLog : IEventLog, IAsyncDisposable
{
    private const int CountedRecordsMax = 16_384;
    private const int DeletedRecordsMax = 2_000;
    private static readonly TimeSpan s_pauseAfterFailure = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan s_drainMax = TimeSpan.FromSeconds(10);

    private readonly EmbeddedLogOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger<EmbeddedLog> _logger;
    private readonly Channel<LogWork> _queue;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Dictionary<(string Group, string Topic), ConsumerGroup> _groups = [];
    private readonly Task _writer;
    private readonly Task _sweeper;
    // The writer's own.
    private readonly Dictionary<string, TopicLog> _topics = new(StringComparer.Ordinal);
    private readonly HashSet<TopicLog> _written = [];
    private LogFile? _file;

    public EmbeddedLog(EmbeddedLogOptions options, TimeProvider time, ILogger<EmbeddedLog> logger)
    {
        ArgumentNullException.ThrowIfNull(options);
        _options = options;
        _time = time;
        _logger = logger;
        Stopping = _stopping.Token;
        _queue = Channel.CreateBounded<LogWork>(new BoundedChannelOptions(options.QueueMax) { SingleReader = true });
        ReaderConnectionString = new SqliteConnectionStringBuilder { DataSource = options.File, Mode = SqliteOpenMode.ReadOnly, DefaultTimeout = 1 }.ConnectionString;
        _writer = Task.Run(WriteAsync);
        _sweeper = Task.Run(SweepAsync);
    }

    public async Task EnsureTopicsAsync(IReadOnlyList<Topic> topics, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topics);
        foreach (var topic in topics)
        {
            if (!TopicName().IsMatch(topic.Name)) { throw new ArgumentException($"The topic's name must match {TopicNamePattern}, but is {topic.Name}.", nameof(topics)); }
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(topic.Partitions, nameof(topics));
        }
        await RunAsync(file => MakeMissing(file, topics), 0, cancellationToken);
    }

    public async Task<IReadOnlyList<LogPosition>> ProduceAsync(Topic topic, IReadOnlyList<LogRecord> records, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        ArgumentNullException.ThrowIfNull(records);
        if (records.Count == 0) { return []; }
        LogRecord.Check(records);
        return await RunAsync(file => Append(file, Existing(topic.Name), records), records.Count, cancellationToken);
    }

    public Task<IReadOnlyList<long>> EndOffsetsAsync(Topic topic, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return RunAsync<IReadOnlyList<long>>(_ => [.. Existing(topic.Name).Counters.NextOffsets], 0, cancellationToken);
    }

    public Task<IReadOnlyList<long>> StartOffsetsAsync(Topic topic, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(topic);
        return RunAsync<IReadOnlyList<long>>(_ => [.. Existing(topic.Name).Counters.StartOffsets], 0, cancellationToken);
    }

    public ILogReader Subscribe(LogSubscription subscription)
    {
        ArgumentNullException.ThrowIfNull(subscription);
        if (subscription.Group is null)
        {
            if (subscription.Start is LogStart.Committed) { throw new ArgumentException("Without a group nothing is committed to start from.", nameof(subscription)); }
            return new EmbeddedLogReader(this, subscription, null, _time);
        }
        ConsumerGroup? group;
        lock (_groups)
        {
            if (!_groups.TryGetValue((subscription.Group, subscription.Topic.Name), out group))
            {
                group = _groups[(subscription.Group, subscription.Topic.Name)] = new ConsumerGroup(subscription.Group);
            }
        }
        return new EmbeddedLogReader(this, subscription, group, _time);
    }

    /// <summary>Writes and answers what is queued, then closes the file. Bounded by ten seconds.</summary>
    public async ValueTask DisposeAsync()
    {
        if (!_queue.Writer.TryComplete()) { return; }
        await _stopping.CancelAsync();
        await Task.WhenAll(_writer, _sweeper).WaitAsync(s_drainMax, _time);
        _stopping.Dispose();
    }

    internal string ReaderConnectionString { get; }

    internal CancellationToken Stopping { get; }

    internal Task<TopicLog> TopicAsync(string name, CancellationToken cancellationToken) => RunAsync(_ => Existing(name), 0, cancellationToken);

    internal Task<long?[]> CommittedOffsetsAsync(string group, TopicLog topic, CancellationToken cancellationToken) =>
        RunAsync(file => file.CommittedOffsets(group, topic.Name, topic.Partitions), 0, cancellationToken);

    /// <summary>Commits, in the writer's transaction, what <paramref name="offsets"/> then answers.</summary>
    internal Task CommitOffsetsAsync(string group, string topic, Func<IEnumerable<(int Partition, long Next)>> offsets, CancellationToken cancellationToken) =>
        RunAsync(
            file =>
            {
                foreach (var (partition, next) in offsets()) { file.CommitOffset(group, topic, partition, next); }
                return true;
            },
            0, cancellationToken);

    private async Task<T> RunAsync<T>(Func<LogFile, T> apply, int records, CancellationToken cancellationToken)
    {
        var work = new LogWork<T>(apply, records);
        try
        {
            if (!_queue.Writer.TryWrite(work)) { await _queue.Writer.WriteAsync(work, cancellationToken).AsTask().WaitAsync(_options.AcknowledgementTimeout, _time, cancellationToken); }
            return await work.Answer.WaitAsync(_options.AcknowledgementTimeout, _time, cancellationToken);
        }
        catch (TimeoutException exception) { throw new LogUnavailableException($"The log did not acknowledge within {_options.AcknowledgementTimeout}.", exception); }
        catch (ChannelClosedException exception) { throw new LogUnavailableException("The log is closed.", exception); }
    }

    private async Task WriteAsync()
    {
        var batch = new List<LogWork>();
        while (await _queue.Reader.WaitToReadAsync())
        {
            batch.Clear();
            for (var records = 0; records < _options.BatchRecordsMax && batch.Count < _options.QueueMax && _queue.Reader.TryRead(out var work); records += work.Records) { batch.Add(work); }
            if (!TryWriteBatch(batch)) { await Task.Delay(s_pauseAfterFailure, _time); }
        }
        CloseFile();
        foreach (var topic in _topics.Values) { topic.Signal(); }
    }

    private bool TryWriteBatch(List<LogWork> batch)
    {
        try
        {
            _file ??= OpenFile();
            _file.Begin();
            foreach (var work in batch) { work.Apply(_file); }
            _file.Commit();
        }
        // Whatever it was, it must not end the loop: the callers of this transaction are told, the next one starts from what the file holds.
        catch (Exception exception)
        {
            EmbeddedLogEvents.TransactionFailed(_logger, batch.Count, exception);
            Abandon();
            var failure = new LogUnavailableException($"The log cannot write to its file: {exception.Message}", exception);
            foreach (var work in batch) { work.Fail(failure); }
            return false;
        }
        foreach (var topic in _written) { topic.Publish(); }
        _written.Clear();
        foreach (var work in batch) { work.Complete(); }
        return true;
    }

    private LogFile OpenFile()
    {
        var file = LogFile.Open(_options.File);
        try
        {
            var stored = file.LoadTopics();
            foreach (var unknown in _topics.Keys.Except(stored.Select(counters => counters.Topic)).ToArray()) { _topics.Remove(unknown); }
            foreach (var counters in stored)
            {
                if (_topics.TryGetValue(counters.Topic, out var topic)) { topic.Restore(counters); }
                else { _topics[counters.Topic] = new TopicLog(counters, _options); }
            }
            return file;
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    // Whether the commit took place is unknown: closing rolls back what did not, and the next opening counts what did.
    private void Abandon()
    {
        foreach (var topic in _topics.Values) { topic.Uncommitted.Clear(); }
        _written.Clear();
        try { _file?.Dispose(); }
        catch (Exception exception) when (exception is SqliteException or IOException) { EmbeddedLogEvents.CloseFailed(_logger, exception); }
        _file = null;
    }

    private void CloseFile()
    {
        if (_file is null) { return; }
        try
        {
            _file.Begin();
            foreach (var topic in _topics.Values) { _file.SaveCounters(topic.Counters); }
            _file.Commit();
        }
        catch (SqliteException exception) { EmbeddedLogEvents.CloseFailed(_logger, exception); }
        // The last connection to close merges the write-ahead log into the file, which readers may not.
        using var reader = new SqliteConnection(ReaderConnectionString);
        SqliteConnection.ClearPool(reader);
        Abandon();
    }

    private bool MakeMissing(LogFile file, IReadOnlyList<Topic> topics)
    {
        foreach (var topic in topics)
        {
            if (!_topics.TryGetValue(topic.Name, out var existing))
            {
                file.MakeTopic(topic);
                existing = _topics[topic.Name] = new TopicLog(new TopicCounters(topic.Name, topic.Partitions), _options);
            }
            existing.Retention = topic.Retention;
        }
        return true;
    }

    private TopicLog Existing(string name) => _topics.GetValueOrDefault(name) ?? throw new LogUnavailableException($"The log has no topic {name} yet.");

    private LogPosition[] Append(LogFile file, TopicLog topic, IReadOnlyList<LogRecord> records)
    {
        var counters = topic.Counters;
        var now = Math.Max(counters.LastTimestampMs, _time.GetUtcNow().ToUnixTimeMilliseconds());
        var timestamp = DateTimeOffset.FromUnixTimeMilliseconds(now);
        var positions = new LogPosition[records.Count];
        _written.Add(topic);
        for (var i = 0; i < records.Count; i++)
        {
            var record = records[i];
            var partition = Murmur2.Partition(record.Key, counters.NextOffsets.Length);
            positions[i] = new LogPosition(partition, counters.NextOffsets[partition]++);
            // The caller may use its buffer again once it is answered; readers hold this copy.
            var value = record.Value.ToArray();
            file.Append(counters.Topic, counters.NextId++, positions[i], now, record.Key, value, record.TraceParent);
            topic.Uncommitted.Add(new ConsumedRecord(positions[i], timestamp, record.Key, value, record.TraceParent));
        }
        counters.LastTimestampMs = now;
        if (counters.NextId / CountedRecordsMax != (counters.NextId - records.Count) / CountedRecordsMax) { file.SaveCounters(counters); }
        return positions;
    }

    private async Task SweepAsync()
    {
        using var timer = new PeriodicTimer(_options.SweepInterval, _time);
        try
        {
            while (await timer.WaitForNextTickAsync(Stopping))
            {
                try { while (await RunAsync(DeleteExpired, 0, Stopping) > 0) { } }
                catch (LogUnavailableException exception) { EmbeddedLogEvents.SweepFailed(_logger, exception); }
            }
        }
        catch (OperationCanceledException) when (Stopping.IsCancellationRequested)
        {
            // The log is being closed; what is too old then is deleted after the next start.
        }
    }

    // A part at a time, so that producers do not wait long behind it.
    private int DeleteExpired(LogFile file)
    {
        var deleted = 0;
        foreach (var topic in _topics.Values.Where(topic => topic.Retention is not null))
        {
            var before = (_time.GetUtcNow() - topic.Retention!.Value).ToUnixTimeMilliseconds();
            deleted += file.DeleteBefore(topic.Counters, before, DeletedRecordsMax);
            _written.Add(topic);
        }
        return deleted;
    }

    private const string TopicNamePattern = "^[a-z0-9][a-z0-9.-]{0,63}$";

    [GeneratedRegex(TopicNamePattern)]
    private static partial Regex TopicName();
}
