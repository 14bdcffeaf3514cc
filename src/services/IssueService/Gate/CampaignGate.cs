using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using FirstCome.Contracts.Campaigns;
using FirstCome.Engines.Redis;
using StackExchange.Redis;

namespace FirstCome.IssueService.Gate;

/// <summary>What became of a call on a gate as a whole.</summary>
internal enum GateStatus
{
    /// <summary>The gate is open and has answered.</summary>
    Answered,
    /// <summary>It is missing, or stands on another process than it was opened on: it must be rebuilt.</summary>
    Lost,
    /// <summary>It is being rebuilt.</summary>
    Rebuilding,
}

/// <summary>A claim as the gate judges it.</summary>
internal readonly record struct GateClaim(Guid Member, ReadOnlyMemory<byte> KeyHash, bool Eligible);

/// <summary>What the gate said of one claim; the letters are those of <see cref="ClaimScript"/>.</summary>
internal enum GateVerdict
{
    Won = 'w', Held = 'r', HeldUnlogged = 'u', NotOpenYet = 'o', Closed = 'c', Paused = 'p', NotEligible = 'n', NotFirstInGroup = 'g', LimitReached = 'l', SoldOut = 's', NotYetKnown = 'x',
}

internal readonly record struct GateAnswer(GateVerdict Verdict, long Sequence, int Nth, long AcceptedAtMs);

/// <summary>The gate's numbers at the moment of a call.</summary>
internal readonly record struct GateNumbers(int Generation, long Winners, long Unlogged, long Highest, int Version, long Limit, long NowMs);

/// <summary>What the gate holds of one winner: enough to publish it again.</summary>
internal readonly record struct Reservation(Guid Member, int Nth, long Sequence, string KeyHash, long AcceptedAtMs);

/// <summary>
/// One campaign's gate in Redis: calls its scripts, keeps to the layout of its generation. What is answered as a claim, or refused for good, stands on enough replicas, where there are any: a master that
/// was cut off must promise nothing. Callers handle <see cref="RedisException"/> and time-outs: Redis is away.
/// </summary>
internal sealed class CampaignGate(IDatabase redis, Campaign campaign, Replicas? replicas = null)
{
    private const int ArgumentBytes = 41;

    private readonly bool grouped = campaign.Group is not null;
    private volatile GateLayout? layout;

    public GateKeys Keys { get; } = new(campaign);

    /// <summary>The generation last seen; 0 before the first answer.</summary>
    public int Generation => layout?.Generation ?? 0;

    /// <summary>Decides a batch. Answers stand in the order of the claims, only with <see cref="GateStatus.Answered"/>.</summary>
    public async Task<(GateStatus Status, int Generation)> ClaimAsync(IReadOnlyList<GateClaim> claims, GateAnswer[] answers)
    {
        var (status, reply, at) = await CallAsync(ClaimScript.Text, layout => Arguments(layout, claims)).ConfigureAwait(false);
        if (status != GateStatus.Answered) { return (status, 0); }
        ReadAnswers(reply, claims.Count, answers);
        if (AnyFinal(answers, claims.Count) && !await IsOnReplicasAsync().ConfigureAwait(false)) { WithholdFinal(answers, claims.Count); }
        return (status, at!.Generation);
    }

    /// <summary>Marks what the log has acknowledged. True for those that now stand as claims; only for records of the gate's present generation.</summary>
    public async Task<(GateStatus Status, bool[] Marked)> MarkAsync(int generation, IReadOnlyList<(Guid Member, long Sequence)> claims)
    {
        var current = layout;
        if (current is null || current.Generation != generation) { return (GateStatus.Answered, new bool[claims.Count]); }
        var buckets = new KeySet(2);
        var arguments = new RedisValue[claims.Count + 1];
        arguments[0] = generation;
        for (var i = 0; i < claims.Count; i++)
        {
            var member = claims[i].Member.ToByteArray(bigEndian: true);
            var key = buckets.IndexOf(GateKeys.Bucket(member, current.Buckets), bucket => Keys.Winners(generation, bucket));
            arguments[i + 1] = Join(member, string.Create(CultureInfo.InvariantCulture, $"{key}@{claims[i].Sequence}"));
        }
        var reply = (string)(await redis.ScriptEvaluateAsync(MarkScript.Text, [Keys.Control, Keys.Unlogged(generation), .. buckets.Keys], arguments).ConfigureAwait(false))!;
        var marked = new bool[claims.Count];
        if (!reply.StartsWith("ok|", StringComparison.Ordinal)) { return (StatusOf(reply), marked); }
        if (!await IsOnReplicasAsync().ConfigureAwait(false)) { return (GateStatus.Answered, marked); }
        for (var i = 0; i < marked.Length; i++) { marked[i] = reply[i + 3] == '1'; }
        return (GateStatus.Answered, marked);
    }

    /// <summary>What a member holds, in the order of nth; <see cref="GateVerdict.Held"/> or <see cref="GateVerdict.HeldUnlogged"/>.</summary>
    public async Task<(GateStatus Status, IReadOnlyList<GateAnswer> Held)> HeldAsync(Guid member)
    {
        var id = member.ToByteArray(bigEndian: true);
        var (status, reply, _) = await CallAsync(HeldScript.Text, layout => (
            [Keys.Control, Keys.Unlogged(layout.Generation), Keys.Winners(layout.Generation, GateKeys.Bucket(id, layout.Buckets))],
            [layout.Generation, id])).ConfigureAwait(false);
        if (status != GateStatus.Answered || reply.Length <= 3) { return (status, []); }
        var held = new GateAnswer[reply.Count(character => character == ';')];
        ReadAnswers(reply, held.Length, held);
        return await IsOnReplicasAsync().ConfigureAwait(false) ? (status, held) : (GateStatus.Rebuilding, []);
    }

    public async Task<(GateStatus Status, GateNumbers Numbers)> NumbersAsync()
    {
        var (status, reply, at) = await CallAsync(NumbersScript.Text, layout => ([Keys.Control, Keys.Unlogged(layout.Generation)], [layout.Generation])).ConfigureAwait(false);
        if (status != GateStatus.Answered) { return (status, default); }
        var parts = reply.Split('|');
        return (status, new GateNumbers(at!.Generation, Long(parts[1]), Long(parts[2]), Long(parts[3]), (int)Long(parts[4]), Long(parts[5]), Long(parts[6])));
    }

    /// <summary>Reservations without a mark, at most <paramref name="max"/>.</summary>
    public async Task<(int Generation, IReadOnlyList<Reservation> Reservations)> UnloggedAsync(int max)
    {
        if (layout is not { } current) { return (0, []); }
        var found = new List<Reservation>();
        await foreach (var entry in redis.HashScanAsync(Keys.Unlogged(current.Generation), pageSize: 1000).ConfigureAwait(false))
        {
            if (found.Count == max) { break; }
            var value = (byte[])entry.Value!;
            found.Add(new Reservation(
                new Guid(value.AsSpan(0, 16), bigEndian: true), value[16], (long)entry.Name, Convert.ToHexStringLower(value, 17, 16),
                long.Parse(System.Text.Encoding.ASCII.GetString(value, 33, value.Length - 33), CultureInfo.InvariantCulture)));
        }
        return (current.Generation, found);
    }

    /// <summary>Every winner's entries, bucket by bucket, for a reconciliation.</summary>
    public async IAsyncEnumerable<Reservation> WinnersAsync()
    {
        if (layout is not { } current) { yield break; }
        for (var bucket = 0; bucket < current.Buckets; bucket++)
        {
            foreach (var entry in await redis.HashGetAllAsync(Keys.Winners(current.Generation, bucket)).ConfigureAwait(false))
            {
                var (member, value) = (new Guid((byte[])entry.Name!, bigEndian: true), (byte[])entry.Value!);
                for (var at = 0; at < value.Length; at += GateKeys.EntryBytes)
                {
                    yield return new Reservation(
                        member, (at / GateKeys.EntryBytes) + 1, BigEndian(value.AsSpan(at, 5)), Convert.ToHexStringLower(value, at + 11, GateKeys.KeyHashBytes), BigEndian(value.AsSpan(at + 5, 6)));
                }
            }
        }
    }

    /// <summary>Reads whether every place is taken by a marked claim, with the filter of the winners; null while it is not so.</summary>
    public async Task<SoldOutMemory?> SoldOutAsync(TimeProvider time)
    {
        var asked = time.GetTimestamp();
        var (status, reply, at) = await CallBytesAsync(
            SoldOutScript.Text, layout => ([Keys.Control, Keys.Unlogged(layout.Generation), Keys.Filter(layout.Generation)], [layout.Generation])).ConfigureAwait(false);
        if (status != GateStatus.Answered || !reply.AsSpan().StartsWith("sold|"u8)) { return null; }
        return await IsOnReplicasAsync().ConfigureAwait(false) ? SoldOutMemory.Read(reply, at!.FilterBits, asked, time) : null;
    }

    /// <summary>Brings a change into the open gate. <c>Below</c>: the new quota is below what was given out, and nothing was changed.</summary>
    public async Task<(GateStatus Status, bool Below, long Winners)> ConfigureAsync(Campaign order, long released, bool refuseBelow)
    {
        var (status, reply, _) = await CallAsync(ConfigureScript.Text, layout => (
            [Keys.Control],
            [
                layout.Generation, order.Version, Phase(order), order.OpensAt.ToUnixTimeMilliseconds(), order.ClosesAt.ToUnixTimeMilliseconds(), order.Quota, released, order.PerMember,
                refuseBelow ? 1 : 0,
            ])).ConfigureAwait(false);
        var parts = reply.Split('|');
        return status != GateStatus.Answered ? (status, false, 0) : parts[0] == "below" ? (status, true, Long(parts[1])) : (status, false, Long(parts[2]));
    }

    /// <summary>Looks whether the gate is there; learns its layout.</summary>
    public async Task<(GateStatus Status, int Generation)> LookAsync()
    {
        var parts = ((string)(await redis.ScriptEvaluateAsync(RebuildScripts.Look, [Keys.Control]).ConfigureAwait(false))!).Split('|');
        switch (parts[0])
        {
            case "open":
                layout = new GateLayout((int)Long(parts[1]), (int)Long(parts[2]), (int)Long(parts[3]), parts[4]);
                return (GateStatus.Answered, layout.Generation);
            case "rebuilding":
                return (GateStatus.Rebuilding, (int)Long(parts[1]));
            default:
                return (GateStatus.Lost, 0);
        }
    }

    /// <summary>The letter of the control's <c>p</c>.</summary>
    public static string Phase(Campaign campaign) => campaign.Phase switch { CampaignPhase.Active => "a", CampaignPhase.Paused => "p", _ => "c" };

    private async Task<(GateStatus Status, string Reply, GateLayout? Layout)> CallAsync(string script, Func<GateLayout, (RedisKey[] Keys, RedisValue[] Arguments)> make)
    {
        var (status, reply, at) = await CallBytesAsync(script, make).ConfigureAwait(false);
        return (status, System.Text.Encoding.Latin1.GetString(reply), at);
    }

    // A gate that was rebuilt meanwhile names its layout; one more call with that is enough, since a rebuild takes longer than a call.
    private async Task<(GateStatus Status, byte[] Reply, GateLayout? Layout)> CallBytesAsync(string script, Func<GateLayout, (RedisKey[] Keys, RedisValue[] Arguments)> make)
    {
        for (var attempt = 0; attempt < 3; attempt++)
        {
            if (layout is null)
            {
                var (status, _) = await LookAsync().ConfigureAwait(false);
                if (status != GateStatus.Answered) { return (status, [], null); }
            }
            var current = layout!;
            var (keys, arguments) = make(current);
            var reply = (byte[])(await redis.ScriptEvaluateAsync(script, keys, arguments).ConfigureAwait(false))!;
            if (reply.AsSpan().StartsWith("moved|"u8))
            {
                var parts = System.Text.Encoding.ASCII.GetString(reply).Split('|');
                layout = new GateLayout((int)Long(parts[1]), (int)Long(parts[2]), (int)Long(parts[3]), parts[4]);
                continue;
            }
            if (reply.AsSpan().SequenceEqual("lost"u8) || reply.AsSpan().SequenceEqual("rebuilding"u8))
            {
                layout = null;
                return (StatusOf(System.Text.Encoding.ASCII.GetString(reply)), [], null);
            }
            return (GateStatus.Answered, reply, current);
        }
        return (GateStatus.Rebuilding, [], null);
    }

    private (RedisKey[], RedisValue[]) Arguments(GateLayout at, IReadOnlyList<GateClaim> claims)
    {
        var keys = new KeySet(3);
        Func<int, RedisKey> winners = bucket => Keys.Winners(at.Generation, bucket);
        // Groups' buckets are told apart from winners' by their sign.
        Func<int, RedisKey> groups = bucket => Keys.GroupMembers(at.RunId, ~bucket);
        var arguments = new RedisValue[claims.Count + 1];
        arguments[0] = at.Generation;
        Span<byte> member = stackalloc byte[16];
        for (var i = 0; i < claims.Count; i++)
        {
            var claim = claims[i];
            claim.Member.TryWriteBytes(member, bigEndian: true, out _);
            var bucket = keys.IndexOf(GateKeys.Bucket(member, at.Buckets), winners);
            var group = grouped ? keys.IndexOf(~GateKeys.Bucket(member, GateKeys.GroupBuckets), groups) : 0;
            var argument = new byte[ArgumentBytes];
            member.CopyTo(argument);
            claim.KeyHash.Span.CopyTo(argument.AsSpan(16));
            argument[32] = (byte)(claim.Eligible ? 'e' : 'n');
            BinaryPrimitives.WriteUInt16BigEndian(argument.AsSpan(33), (ushort)bucket);
            BinaryPrimitives.WriteUInt16BigEndian(argument.AsSpan(35), (ushort)group);
            BinaryPrimitives.WriteUInt32BigEndian(argument.AsSpan(37), (uint)GateKeys.FilterBit(member, at.FilterBits));
            arguments[i + 1] = argument;
        }
        return ([Keys.Control, Keys.Unlogged(at.Generation), Keys.Filter(at.Generation), .. keys.Keys], arguments);
    }

    private async Task<bool> IsOnReplicasAsync() =>
        replicas is null || await replicas.HaveAsync(Keys.Control, database => database.HashSetAsync(Keys.Control, "beat", 1)).ConfigureAwait(false);

    // What a caller takes for the last word. A pause or a window is told anew to whoever asks again.
    private static bool IsFinal(GateVerdict verdict) => verdict is GateVerdict.Held or GateVerdict.SoldOut or GateVerdict.LimitReached or GateVerdict.NotFirstInGroup;

    private bool AnyFinal(GateAnswer[] answers, int count)
    {
        if (replicas is not { Asked: true }) { return false; }
        for (var i = 0; i < count; i++) { if (IsFinal(answers[i].Verdict)) { return true; } }
        return false;
    }

    // What no replica confirms is asked again until it is certain, or the claim's time is over.
    private static void WithholdFinal(GateAnswer[] answers, int count)
    {
        for (var i = 0; i < count; i++) { if (IsFinal(answers[i].Verdict)) { answers[i] = new GateAnswer(GateVerdict.NotYetKnown, 0, 0, 0); } }
    }

    private static void ReadAnswers(string reply, int count, GateAnswer[] answers)
    {
        var at = reply.IndexOf(';', StringComparison.Ordinal);
        Span<Range> fields = stackalloc Range[4];
        for (var i = 0; i < count; i++)
        {
            var end = reply.IndexOf(';', at + 1);
            var part = reply.AsSpan(at + 1, (end < 0 ? reply.Length : end) - at - 1);
            var verdict = (GateVerdict)part[0];
            if (part.Length == 1) { answers[i] = new GateAnswer(verdict, 0, 0, 0); }
            else
            {
                part.Split(fields, ',');
                answers[i] = new GateAnswer(verdict, Long(part[fields[1]]), (int)Long(part[fields[2]]), Long(part[fields[3]]));
            }
            at = end;
        }
    }

    private static GateStatus StatusOf(string reply) => reply == "lost" ? GateStatus.Lost : GateStatus.Rebuilding;

    private static byte[] Join(byte[] member, string tail)
    {
        var joined = new byte[member.Length + tail.Length];
        member.CopyTo(joined, 0);
        System.Text.Encoding.ASCII.GetBytes(tail, joined.AsSpan(member.Length));
        return joined;
    }

    private static long Long(ReadOnlySpan<char> text) => long.Parse(text, CultureInfo.InvariantCulture);

    private static long BigEndian(ReadOnlySpan<byte> bytes)
    {
        long value = 0;
        foreach (var next in bytes) { value = (value << 8) | next; }
        return value;
    }

    /// <summary>The distinct buckets of a call as keys, in the order of first use.</summary>
    private sealed class KeySet(int start)
    {
        private readonly Dictionary<int, int> _indexes = [];

        public List<RedisKey> Keys { get; } = [];

        /// <summary>The bucket's place in KEYS, which count from 1 and begin with the fixed ones.</summary>
        public int IndexOf(int bucket, Func<int, RedisKey> name)
        {
            ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(_indexes, bucket, out var known);
            if (known) { return index; }
            Keys.Add(name(bucket));
            return index = start + Keys.Count;
        }
    }
}
