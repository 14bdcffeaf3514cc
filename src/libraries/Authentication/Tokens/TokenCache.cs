using System.Collections.Concurrent;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace FirstCome.Authentication;

/// <summary>
/// Tokens that were validated, by the SHA-256 of the whole token. Bounded: when the younger half is full, the older half is dropped; what is used moves to the younger.
/// Holds no token, so a dump of memory gives none away. One may be shared by every service of a process.
/// </summary>
public sealed class TokenCache
{
    /// <summary>How many tokens are remembered by default.</summary>
    public const int CapacityDefault = 200_000;

    private readonly int _half;
    private readonly Lock _turning = new();
    private volatile Halves _halves = new(new(), new());
    private int _younger;

    /// <param name="capacity">At most so many, 2 or more.</param>
    public TokenCache(int capacity = CapacityDefault)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 2);
        _half = capacity / 2;
    }

    /// <summary>How many are remembered now.</summary>
    public int Count => _halves.Younger.Count + _halves.Older.Count;

    internal RememberedToken? Find(in TokenHash hash)
    {
        var halves = _halves;
        if (halves.Younger.TryGetValue(hash, out var token)) { return token; }
        if (!halves.Older.TryGetValue(hash, out token)) { return null; }
        Remember(hash, token);
        return token;
    }

    internal void Remember(in TokenHash hash, RememberedToken token)
    {
        // ConcurrentDictionary.Count locks every bucket; an own counter does not.
        if (!_halves.Younger.TryAdd(hash, token) || Interlocked.Increment(ref _younger) < _half) { return; }
        lock (_turning)
        {
            if (Volatile.Read(ref _younger) < _half) { return; }
            _halves = new Halves(new(), _halves.Younger);
            Volatile.Write(ref _younger, 0);
        }
    }

    internal void Forget(in TokenHash hash)
    {
        var halves = _halves;
        // The counter is not lowered: the young half then turns a little early, which costs nothing.
        halves.Younger.TryRemove(hash, out _);
        halves.Older.TryRemove(hash, out _);
    }

    private sealed record Halves(ConcurrentDictionary<TokenHash, RememberedToken> Younger, ConcurrentDictionary<TokenHash, RememberedToken> Older);
}

/// <summary>A SHA-256.</summary>
[StructLayout(LayoutKind.Sequential)]
internal readonly record struct TokenHash(ulong A, ulong B, ulong C, ulong D)
{
    public static TokenHash Of(ReadOnlySpan<byte> token)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(token, hash);
        return MemoryMarshal.Read<TokenHash>(hash);
    }

    public void Write(Span<byte> bytes) => MemoryMarshal.Write(bytes, in this);

    // The hash is uniform already.
    public override int GetHashCode() => (int)A;
}

/// <summary>What is kept of a validated token.</summary>
internal sealed class RememberedToken(Caller caller, long issuedAt, long forgetAt)
{
    // Standing and the caller that follows from it, replaced together.
    private volatile Tuple<Standing, Caller>? _merged;

    public Caller Caller => caller;

    /// <summary>The token's <c>iat</c>, Unix seconds.</summary>
    public long IssuedAt => issuedAt;

    /// <summary>Unix milliseconds: the token's <c>exp</c>, or ten minutes after validation, whichever is earlier.</summary>
    public long ForgetAt => forgetAt;

    /// <summary>The caller with newer attributes than the token carries.</summary>
    public Caller With(Standing standing)
    {
        if (_merged is { } merged && ReferenceEquals(merged.Item1, standing)) { return merged.Item2; }
        var newer = caller with { Attributes = standing.Attributes };
        _merged = Tuple.Create(standing, newer);
        return newer;
    }
}
