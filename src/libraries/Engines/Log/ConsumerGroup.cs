namespace FirstCome.Engines.Log;

/// <summary>The readers of this process that share one topic's partitions: partition p belongs to reader p modulo their number.</summary>
internal sealed class ConsumerGroup(string name)
{
    private readonly Lock _lock = new();
    private readonly List<EmbeddedLogReader> _readers = [];
    private long _generation;

    public string Name { get; } = name;

    /// <summary>Changes with every assignment.</summary>
    public long Generation { get { lock (_lock) { return _generation; } } }

    public void Join(EmbeddedLogReader reader)
    {
        lock (_lock)
        {
            _readers.Add(reader);
            _generation++;
        }
    }

    public void Leave(EmbeddedLogReader reader)
    {
        lock (_lock)
        {
            if (_readers.Remove(reader)) { _generation++; }
        }
    }

    public bool Owns(EmbeddedLogReader reader, int partition)
    {
        lock (_lock) { return _readers.Count > 0 && _readers[partition % _readers.Count] == reader; }
    }
}
