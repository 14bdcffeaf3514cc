using CsCheck;
using FirstCome.Authentication;
using FirstCome.Contracts.Messages;
using Xunit;

namespace FirstCome.RulesTests.Authentication;

public class TokenMemoryTests
{
    private static readonly DateTimeOffset s_now = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly MemberAttributes s_attributes = new("", [], s_now, null);

    [Fact]
    public void The_cache_is_bounded_and_keeps_what_is_used()
    {
        var cache = new TokenCache(1_000);
        var used = new TokenHash(1, 2, 3, 4);
        cache.Remember(used, Remembered());
        for (var i = 0UL; i < 20_000; i++)
        {
            cache.Remember(new TokenHash(i, i, 5, 6), Remembered());
            Assert.NotNull(cache.Find(used));
            Assert.InRange(cache.Count, 1, 1_001);
        }
        Assert.Null(cache.Find(new TokenHash(0, 0, 5, 6)));
        cache.Forget(used);
        Assert.Null(cache.Find(used));
    }

    [Fact]
    public async Task The_cache_is_bounded_also_when_many_use_it_at_once()
    {
        var cache = new TokenCache(1_000);
        await Task.WhenAll(Enumerable.Range(0, 4).Select(worker => Task.Run(() =>
        {
            for (var i = 0UL; i < 50_000; i++) { cache.Remember(new TokenHash(i, (ulong)worker, 5, 6), Remembered()); }
        })));
        Assert.InRange(cache.Count, 1, 1_100);
    }

    [Fact]
    public void A_hash_is_of_the_whole_token() => Gen.Byte.Array[16, 200].Sample(token =>
    {
        var hash = TokenHash.Of(token);
        Assert.Equal(hash, TokenHash.Of(token));
        for (var i = 0; i < token.Length; i += 7)
        {
            token[i] ^= 1;
            Assert.NotEqual(hash, TokenHash.Of(token));
            token[i] ^= 1;
        }
    });

    [Fact]
    public void Standings_are_forgotten_when_no_token_is_as_old()
    {
        var standings = new MemberStandings(100);
        var member = Guid.NewGuid();
        standings.Apply(Change(member, s_now), s_now);
        standings.Apply(Change(Guid.NewGuid(), s_now.AddMinutes(69)), s_now.AddMinutes(69));
        Assert.NotNull(standings.Find(member));
        standings.Apply(Change(Guid.NewGuid(), s_now.AddMinutes(71)), s_now.AddMinutes(71));
        Assert.Null(standings.Find(member));
        Assert.Equal(0, standings.TokensValidFrom);
    }

    [Fact]
    public void Of_two_changes_the_later_one_stands_whatever_their_order()
    {
        var standings = new MemberStandings();
        var member = Guid.NewGuid();
        standings.Apply(Change(member, s_now.AddSeconds(5)) with { Locked = true }, s_now);
        standings.Apply(Change(member, s_now), s_now);
        Assert.True(standings.Find(member)!.Locked);
    }

    /// <summary>Whoever was locked is refused, by the own standing or by the general limit, however many changed.</summary>
    [Fact]
    public void Nobody_who_was_locked_slips_through_when_there_are_more_than_are_kept() =>
        Gen.Select(Gen.Int[1, 20], Gen.Int[0, 400].Array[1, 60]).Sample((capacity, seconds) =>
        {
            var standings = new MemberStandings(capacity);
            var locked = seconds.Select(second => (Member: Guid.NewGuid(), At: s_now.AddSeconds(second))).ToList();
            foreach (var (member, at) in locked)
            {
                standings.Apply(Change(member, at) with { Locked = true }, s_now.AddSeconds(400));
                Assert.InRange(standings.Count, 0, capacity);
            }
            // The last token that each of them can have was issued at the lock.
            Assert.All(locked, each => Assert.True(standings.Find(each.Member) is { Locked: true } || each.At.ToUnixTimeSeconds() < standings.TokensValidFrom));
        });

    private static RememberedToken Remembered() => new(new Caller(Guid.Empty, Role.Member, s_attributes, null, s_now), 0, 0);

    private static MemberChanged Change(Guid member, DateTimeOffset at) => new(member, false, at, s_attributes, at);
}
