using System.Buffers.Binary;

namespace FirstCome.IssueService.Eligibility;

/// <summary>The uploaded list of a campaign's members: sorted ids, 16 bytes each, at most 1,000,000.</summary>
internal sealed class AudienceList
{
    /// <summary>The largest list in bytes.</summary>
    public const int BytesMax = 16 * 1_000_000;

    private readonly UInt128[] _members;

    private AudienceList(int version, UInt128[] members) => (Version, _members) = (version, members);

    /// <summary>Counts the replacements of the list.</summary>
    public int Version { get; }

    public bool Contains(Guid member)
    {
        Span<byte> id = stackalloc byte[16];
        member.TryWriteBytes(id, bigEndian: true, out _);
        return Array.BinarySearch(_members, BinaryPrimitives.ReadUInt128BigEndian(id)) >= 0;
    }

    /// <summary>Reads ids of 16 bytes big-endian; they are sorted here again, so that a sender's order is not trusted.</summary>
    public static AudienceList Read(int version, ReadOnlySpan<byte> ids)
    {
        if (ids.Length % 16 != 0) { throw new InvalidDataException($"A list of members of {ids.Length} bytes is not whole."); }
        var members = new UInt128[ids.Length / 16];
        for (var i = 0; i < members.Length; i++) { members[i] = BinaryPrimitives.ReadUInt128BigEndian(ids[(i * 16)..]); }
        Array.Sort(members);
        return new AudienceList(version, members);
    }
}
