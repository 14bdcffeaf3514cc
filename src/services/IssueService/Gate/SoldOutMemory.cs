using System.Globalization;
using System.Text;

namespace FirstCome.IssueService.Gate;

/// <summary>
/// That a campaign is sold out, remembered for at most a second, with the filter of its winners: who certainly holds nothing is answered at once,
/// whoever may be a winner asks the gate. The second counts from before the gate was asked, so that a raise (which holds numbers back for two) is never overtaken.
/// </summary>
internal sealed class SoldOutMemory
{
    /// <summary>How long an answer may be given from memory.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromSeconds(1);

    private readonly byte[] filter;
    private readonly int filterStart;
    private readonly int filterBits;
    private readonly long askedAt;
    private readonly TimeProvider time;

    private SoldOutMemory(byte[] reply, int filterStart, int filterBits, int version, DateTimeOffset closesAt, bool running, long askedAt, TimeProvider time)
    {
        filter = reply;
        this.filterStart = filterStart;
        this.filterBits = filterBits;
        this.askedAt = askedAt;
        this.time = time;
        Version = version;
        ClosesAt = closesAt;
        Running = running;
    }

    /// <summary>The campaign's version that the gate had.</summary>
    public int Version { get; }

    /// <summary>After this instant the answer is "closed", which the gate gives.</summary>
    public DateTimeOffset ClosesAt { get; }

    /// <summary>Neither paused nor closed by an operator when asked.</summary>
    public bool Running { get; }

    /// <summary>Whether it may still be answered from.</summary>
    public bool IsFresh => time.GetElapsedTime(askedAt) < Lifetime;

    /// <summary>Whether this member may be a winner. False is certain.</summary>
    public bool MayHold(Guid member)
    {
        Span<byte> id = stackalloc byte[16];
        member.TryWriteBytes(id, bigEndian: true, out _);
        var bit = GateKeys.FilterBit(id, filterBits);
        var at = filterStart + (bit >> 3);
        return at < filter.Length && (filter[at] & (0x80 >> (bit & 7))) != 0;
    }

    /// <summary>Reads <c>sold|version|closesAt|phase|filter</c>; the filter is what follows the fourth bar, bits numbered as SETBIT does.</summary>
    public static SoldOutMemory Read(byte[] reply, int filterBits, long askedAt, TimeProvider time)
    {
        var fields = new string[4];
        var start = 0;
        for (var i = 0; i < fields.Length; i++)
        {
            var length = reply.AsSpan(start).IndexOf((byte)'|');
            fields[i] = Encoding.ASCII.GetString(reply, start, length);
            start += length + 1;
        }
        return new SoldOutMemory(
            reply, start, filterBits, int.Parse(fields[1], CultureInfo.InvariantCulture),
            DateTimeOffset.FromUnixTimeMilliseconds(long.Parse(fields[2], CultureInfo.InvariantCulture)), fields[3] == "a", askedAt, time);
    }
}
