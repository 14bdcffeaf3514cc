using System.Collections.Concurrent;
using FirstCome.Contracts.Messages;

namespace FirstCome.Authentication;

/// <summary>What matters of a <see cref="MemberChanged"/>.</summary>
/// <param name="TokensValidFrom">Unix seconds.</param>
/// <param name="At">Unix milliseconds.</param>
internal sealed record Standing(bool Locked, long TokensValidFrom, MemberAttributes Attributes, long At);

/// <summary>
/// Members whose standing changed in the last 70 minutes, which is longer than any token lives; older changes are in the tokens themselves. Bounded: where more members change than are kept,
/// tokens issued before the oldest forgotten change are refused altogether, so that nobody who was locked slips through.
/// </summary>
public sealed class MemberStandings
{
    /// <summary>How many members are kept by default.</summary>
    public const int CapacityDefault = 500_000;

    /// <summary>How long a change is kept.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromMinutes(70);

    private readonly ConcurrentDictionary<Guid, Standing> _byMember = new();
    private readonly Queue<(Guid Member, long At)> _order = new();
    private readonly Lock _lock = new();
    private readonly int _capacity;
    private long _tokensValidFrom;

    /// <param name="capacity">At most so many members, 1 or more.</param>
    public MemberStandings(int capacity = CapacityDefault)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _capacity = capacity;
    }

    /// <summary>How many members are kept now.</summary>
    public int Count => _byMember.Count;

    /// <summary>Unix seconds: tokens of anybody issued before are refused. 0 unless more members changed than are kept.</summary>
    internal long TokensValidFrom => Volatile.Read(ref _tokensValidFrom);

    internal Standing? Find(Guid member) => _byMember.GetValueOrDefault(member);

    /// <summary>
    /// Whether a token that was good at <paramref name="goodAt"/> is refused since then: its member was locked, or signed out everywhere. For what outlives the request that brought the token.
    /// </summary>
    public bool Refuses(Guid member, DateTimeOffset goodAt) => Find(member) is { } standing && (standing.Locked || standing.TokensValidFrom > goodAt.ToUnixTimeSeconds());

    /// <summary>Takes a change; an older one than what is known is ignored.</summary>
    public void Apply(MemberChanged change, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(change);
        var standing = new Standing(change.Locked, change.TokensValidFrom.ToUnixTimeSeconds(), change.Attributes, change.At.ToUnixTimeMilliseconds());
        lock (_lock)
        {
            if (_byMember.TryGetValue(change.MemberId, out var known) && known.At > standing.At) { return; }
            _byMember[change.MemberId] = standing;
            _order.Enqueue((change.MemberId, standing.At));
            var oldest = (now - Kept).ToUnixTimeMilliseconds();
            while (_order.TryPeek(out var first) && (first.At < oldest || _byMember.Count > _capacity))
            {
                _order.Dequeue();
                // The member may have changed again since; then a later entry of the queue stands for it.
                if (!_byMember.TryGetValue(first.Member, out var kept) || kept.At != first.At) { continue; }
                _byMember.TryRemove(first.Member, out _);
                if (first.At >= oldest) { Volatile.Write(ref _tokensValidFrom, Math.Max(_tokensValidFrom, (first.At / 1000) + 1)); }
            }
        }
    }
}
