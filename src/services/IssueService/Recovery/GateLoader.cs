using System.Buffers.Binary;
using FirstCome.IssueService.Gate;
using StackExchange.Redis;

namespace FirstCome.IssueService.Recovery;

/// <summary>Writes winners into the keys of a generation that is not open yet. Rows come ordered by member and nth, so that a member's entries are whole before they are written.</summary>
internal sealed class GateLoader(IDatabase database, GateKeys keys, GateLayout layout, bool grouped)
{
    private readonly List<Task> _writes = [];
    private byte[]? _member;
    private byte[] _entries = [];

    public long Winners { get; private set; }

    public long LastAcceptedMs { get; private set; }

    public int Waiting => _writes.Count;

    public void Add(byte[] member, long sequence, long acceptedAtMs, byte[] keyHash)
    {
        if (_member is null || !_member.AsSpan().SequenceEqual(member))
        {
            Write();
            (_member, _entries) = (member, []);
        }
        _entries = [.. _entries, .. Entry(sequence, acceptedAtMs, keyHash)];
        Winners++;
        LastAcceptedMs = Math.Max(LastAcceptedMs, acceptedAtMs);
    }

    public async Task FlushAsync(bool last = false)
    {
        if (last) { Write(); }
        await Task.WhenAll(_writes);
        _writes.Clear();
    }

    /// <summary>An entry as the claim script writes it.</summary>
    internal static byte[] Entry(long sequence, long acceptedAtMs, ReadOnlySpan<byte> keyHash)
    {
        var entry = new byte[GateKeys.EntryBytes];
        Span<byte> number = stackalloc byte[8];
        BinaryPrimitives.WriteInt64BigEndian(number, sequence);
        number[3..].CopyTo(entry);
        BinaryPrimitives.WriteInt64BigEndian(number, acceptedAtMs);
        number[2..].CopyTo(entry.AsSpan(5));
        keyHash[..GateKeys.KeyHashBytes].CopyTo(entry.AsSpan(11));
        return entry;
    }

    private void Write()
    {
        if (_member is not { } member) { return; }
        _writes.Add(database.HashSetAsync(keys.Winners(layout.Generation, GateKeys.Bucket(member, layout.Buckets)), member, _entries));
        _writes.Add(database.StringSetBitAsync(keys.Filter(layout.Generation), GateKeys.FilterBit(member, layout.FilterBits), true));
        if (grouped) { _writes.Add(database.HashSetAsync(keys.GroupMembers(layout.RunId, GateKeys.Bucket(member, GateKeys.GroupBuckets)), member, 1)); }
        _member = null;
    }
}
