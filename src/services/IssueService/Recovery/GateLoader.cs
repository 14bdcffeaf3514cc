using System.Buffers.Binary;
using FirstCome.IssueService.Gate;
using StackExchange.Redis;

namespace FirstCome.IssueService.Recovery;

/// <summary>
/// Writes winners into the keys of a generation that is not open yet. A member's rows come one after the other, in the order of nth. What is gathered is written bucket by bucket, many winners a command; the
/// filter is made here and written once.
/// </summary>
internal sealed class GateLoader(IDatabase database, GateKeys keys, GateLayout layout, bool grouped)
{
    // Some 20 MB, and with the largest gates several winners a bucket.
    private const int GatheredMax = 131_072;
    private const int CommandsAtOnce = 1_000, FilterPieceBytes = 256 * 1024;

    private readonly List<(int Bucket, byte[] Member, byte[] Entries)> _gathered = [];
    private readonly byte[] _filter = new byte[layout.FilterBits / 8];
    private byte[]? _member;
    private byte[] _entries = [];

    public long Winners { get; private set; }

    public long LastAcceptedMs { get; private set; }

    public async ValueTask AddAsync(byte[] member, long sequence, long acceptedAtMs, byte[] keyHash)
    {
        if (_member is null || !_member.AsSpan().SequenceEqual(member))
        {
            Gather();
            if (_gathered.Count >= GatheredMax) { await WriteAsync(); }
            (_member, _entries) = (member, []);
        }
        _entries = [.. _entries, .. Entry(sequence, acceptedAtMs, keyHash)];
        Winners++;
        LastAcceptedMs = Math.Max(LastAcceptedMs, acceptedAtMs);
    }

    /// <summary>Writes the rest, and the filter.</summary>
    public async Task EndAsync()
    {
        Gather();
        await WriteAsync();
        for (var at = 0; at < _filter.Length; at += FilterPieceBytes)
        {
            var piece = _filter.AsMemory(at, Math.Min(FilterPieceBytes, _filter.Length - at));
            // Bits that were never set read as 0 without being there.
            if (piece.Span.ContainsAnyExcept((byte)0)) { await database.StringSetRangeAsync(keys.Filter(layout.Generation), at, piece); }
        }
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

    private void Gather()
    {
        if (_member is not { } member) { return; }
        _gathered.Add((GateKeys.Bucket(member, layout.Buckets), member, _entries));
        var bit = GateKeys.FilterBit(member, layout.FilterBits);
        // As SETBIT counts: the first bit is the highest of its byte.
        _filter[bit >> 3] |= (byte)(0x80 >> (bit & 7));
        _member = null;
    }

    private async Task WriteAsync()
    {
        var commands = new List<Task>(CommandsAtOnce);
        foreach (var bucket in _gathered.GroupBy(each => each.Bucket))
        {
            commands.Add(database.HashSetAsync(keys.Winners(layout.Generation, bucket.Key), [.. bucket.Select(each => new HashEntry(each.Member, each.Entries))]));
            if (grouped) { commands.AddRange(bucket.Select(each => database.HashSetAsync(keys.GroupMembers(layout.RunId, GateKeys.Bucket(each.Member, GateKeys.GroupBuckets)), each.Member, 1))); }
            if (commands.Count < CommandsAtOnce) { continue; }
            await Task.WhenAll(commands);
            commands.Clear();
        }
        await Task.WhenAll(commands);
        _gathered.Clear();
    }
}
