namespace FirstCome.Engines.Log;

/// <summary>
/// Keys for the records of one call whose order matters to nobody: neighbours share a key, so that a batch goes to few partitions (a producer sends one request for each), and the next batch to others.
/// Over many batches all partitions are used alike.
/// </summary>
public sealed class SpreadKeys
{
    /// <summary>So many neighbours share a key: enough to spare the broker requests, few enough that a large batch occupies every worker.</summary>
    public const int Neighbours = 64;

    private readonly List<string> _keys = [];

    /// <summary>The key of the record with this index in its call, 0 for the first.</summary>
    public string this[int index]
    {
        get
        {
            while (_keys.Count <= index / Neighbours) { _keys.Add(Guid.NewGuid().ToString("N")); }
            return _keys[index / Neighbours];
        }
    }
}
