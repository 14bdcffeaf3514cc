namespace FirstCome.Engines.Log;

/// <summary>What the writer counts for one topic; what stands in here may not be committed yet.</summary>
internal sealed class TopicCounters(string topic, int partitions)
{
    public string Topic { get; } = topic;

    /// <summary>For each partition the offset of the first record that is kept.</summary>
    public long[] StartOffsets { get; } = new long[partitions];

    /// <summary>For each partition the offset that the next record gets.</summary>
    public long[] NextOffsets { get; } = new long[partitions];

    /// <summary>No record has a lower id.</summary>
    public long FirstId { get; set; } = 1;

    /// <summary>The id that the next record gets.</summary>
    public long NextId { get; set; } = 1;

    public long LastTimestampMs { get; set; }
}

/// <summary>What is committed of one topic, as readers see it: the latest records in memory, and a signal when there are more.</summary>
internal sealed class TopicLog(TopicCounters counters, EmbeddedLogOptions options)
{
    private readonly Lock _lock = new();
    private readonly ConsumedRecord[] _tail = new ConsumedRecord[options.TailRecordsMax];
    private readonly long[] _startOffsets = [.. counters.StartOffsets];
    private readonly long[] _endOffsets = [.. counters.NextOffsets];
    private long _firstId = counters.FirstId;
    // Records of ids from _tailId to _endId are in memory, at index id modulo capacity.
    private long _tailId = counters.NextId;
    private long _endId = counters.NextId;
    private int _tailBytes;
    private TaskCompletionSource? _waiters;

    public string Name { get; } = counters.Topic;

    public int Partitions => _endOffsets.Length;

    /// <summary>Set and read by the writer only.</summary>
    public TimeSpan? Retention { get; set; }

    /// <summary>The writer's own counters.</summary>
    public TopicCounters Counters { get; private set; } = counters;

    /// <summary>Records of the writer's transaction, in order; published by <see cref="Publish"/> once it is committed.</summary>
    public List<ConsumedRecord> Uncommitted { get; } = [];

    /// <summary>Makes visible what the writer has committed, and wakes the readers that wait.</summary>
    public void Publish()
    {
        lock (_lock)
        {
            foreach (var record in Uncommitted) { AppendToTail(record); }
            Uncommitted.Clear();
            CopyCounters();
        }
        Signal();
    }

    /// <summary>Takes the counters as they were read from the file, after a failure that left open what was committed.</summary>
    public void Restore(TopicCounters counters)
    {
        lock (_lock)
        {
            Counters = counters;
            Uncommitted.Clear();
            Array.Clear(_tail);
            _tailBytes = 0;
            _tailId = _endId = counters.NextId;
            CopyCounters();
        }
        Signal();
    }

    /// <summary>Completes when something was published after this call. Take it before looking.</summary>
    public Task NextPublication()
    {
        lock (_lock) { return (_waiters ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task; }
    }

    public void Signal()
    {
        TaskCompletionSource? waiters;
        lock (_lock) { (waiters, _waiters) = (_waiters, null); }
        waiters?.SetResult();
    }

    /// <summary>The ids that are committed and kept: from First up to, without, End.</summary>
    public (long First, long End) Range { get { lock (_lock) { return (_firstId, _endId); } } }

    /// <summary>The committed offsets of one partition: of the first record kept, and of the next to come.</summary>
    public (long Start, long End) Offsets(int partition) { lock (_lock) { return (_startOffsets[partition], _endOffsets[partition]); } }

    /// <summary>Reads on from memory. False where memory does not reach back to the position: then the file is to be read.</summary>
    public bool TryReadTail(ReadPosition position, int max, List<ConsumedRecord> into)
    {
        lock (_lock)
        {
            if (position.Id < _tailId) { return false; }
            while (position.Id < _endId && into.Count < max) { position.Take(_tail[position.Id % _tail.Length], into); }
            return true;
        }
    }

    private void AppendToTail(ConsumedRecord record)
    {
        if (_endId - _tailId == _tail.Length) { DropOldest(); }
        _tail[_endId % _tail.Length] = record;
        _endId++;
        _tailBytes += record.Value.Length;
        while (_tailBytes > options.TailBytesMax && _tailId < _endId) { DropOldest(); }
    }

    private void DropOldest()
    {
        ref var oldest = ref _tail[_tailId % _tail.Length];
        _tailBytes -= oldest.Value.Length;
        oldest = default;
        _tailId++;
    }

    private void CopyCounters()
    {
        Counters.StartOffsets.CopyTo(_startOffsets, 0);
        Counters.NextOffsets.CopyTo(_endOffsets, 0);
        _firstId = Counters.FirstId;
        _endId = Counters.NextId;
    }
}

/// <summary>Where a reader stands: the id to look at next, and for each partition the offset it wants next, or null where the partition is not its own.</summary>
internal sealed class ReadPosition(int partitions)
{
    public long Id { get; set; }

    public long?[] Next { get; } = new long?[partitions];

    /// <summary>Passes one record, the one at <see cref="Id"/>; it is taken if it is wanted.</summary>
    public void Take(in ConsumedRecord record, List<ConsumedRecord> into)
    {
        Id++;
        var (partition, offset) = record.Position;
        if (Next[partition] is not { } next || offset < next) { return; }
        Next[partition] = offset + 1;
        into.Add(record);
    }
}
