using System.Buffers.Binary;
using System.Numerics;
using FirstCome.Contracts.Campaigns;
using StackExchange.Redis;

namespace FirstCome.IssueService.Gate;

/// <summary>
/// The keys of a gate. All of a campaign stand in one hash slot: the tag is the group, or the campaign itself.
/// <code>
/// gate:{tag}:C              hash    the control: g generation, r run id it was opened on, rg/rr a rebuild under way (generation, run id),
///                                   v version of the campaign, p phase (a active, p paused, c closed), o/c window (ms), q quota, rel released places,
///                                   pm per member, fg first in group (0/1), n highest number, w winners, at last acceptance (ms), hold no number before (ms),
///                                   b buckets, fb bits of the filter, beat written before replicas are asked
/// gate:{tag}:C:G:u          hash    reservations without the log's mark: sequence → member (16 bytes), nth (1), key hash (16), acceptedAt (decimal)
/// gate:{tag}:C:G:f          string  the filter of winners: one bit a member, of fb bits
/// gate:{tag}:C:G:w:B        hash    winners of bucket B: member (16 bytes) → entries of 27 bytes: sequence (5), acceptedAt ms (6), key hash (16), all big-endian
/// gate:{tag}:group          hash    r run id on which the group's members were loaded
/// gate:{tag}:group:R:B      hash    members that hold a coupon of the group: member (16 bytes) → 1; named by the run id, so that an old file's are never read
/// </code>
/// C is the campaign's id, G the generation, R the run id of the Redis process, B a bucket. Small hashes stay packed in Redis: about 32 winners a bucket.
/// </summary>
internal sealed class GateKeys
{
    public const int EntryBytes = 27, KeyHashBytes = 16, GroupBuckets = 4096;
    private const int WinnersPerBucket = 32, FilterBitsPerWinner = 32, FilterBitsMin = 1 << 16, FilterBitsMax = 1 << 26, BucketsMax = 1 << 17;

    private readonly string prefix;
    private readonly string groupPrefix;

    public GateKeys(Campaign campaign)
    {
        var tag = campaign.Group is { } group ? $"g-{group}" : campaign.Id.ToString("N");
        groupPrefix = $"gate:{{{tag}}}:group";
        prefix = $"gate:{{{tag}}}:{campaign.Id:N}";
        Control = prefix;
    }

    public RedisKey Control { get; }

    public RedisKey Group => groupPrefix;

    public RedisKey Unlogged(int generation) => $"{prefix}:{generation}:u";

    public RedisKey Filter(int generation) => $"{prefix}:{generation}:f";

    public RedisKey Winners(int generation, int bucket) => $"{prefix}:{generation}:w:{bucket}";

    public RedisKey GroupMembers(string runId, int bucket) => $"{groupPrefix}:{runId}:{bucket}";

    /// <summary>How many buckets a gate of this limit gets; fixed for a generation.</summary>
    public static int BucketsFor(long limit) => (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((ulong)Math.Max(1, limit / WinnersPerBucket)), 16, BucketsMax);

    /// <summary>How many bits the filter of a gate of this limit gets; fixed for a generation. One hash: about 3 % of strangers are taken for winners when full.</summary>
    public static int FilterBitsFor(long limit) =>
        (int)Math.Clamp(BitOperations.RoundUpToPowerOf2((ulong)Math.Max(1, limit * FilterBitsPerWinner)), FilterBitsMin, FilterBitsMax);

    // The last eight bytes of a UUIDv7 are random; the first six are a time and would fill few buckets.
    public static int Bucket(ReadOnlySpan<byte> member, int buckets) => (int)(BinaryPrimitives.ReadUInt32BigEndian(member[12..]) & (uint)(buckets - 1));

    // Other bits than the bucket's, spread: ids made by others may be less random in some of their bytes.
    public static int FilterBit(ReadOnlySpan<byte> member, int bits) =>
        (int)(((BinaryPrimitives.ReadUInt64BigEndian(member[8..]) * 0x9E3779B97F4A7C15UL) >> 20) & (uint)(bits - 1));
}

/// <summary>How the keys of a generation are laid out; an instance learns it from the gate.</summary>
internal sealed record GateLayout(int Generation, int Buckets, int FilterBits, string RunId);
