using System.Net;
using CsCheck;
using FirstCome.Gateway.Limits;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FirstCome.RulesTests.Gateway;

public class RatesTests
{
    [Fact]
    public void A_burst_is_let_through_and_then_so_many_a_second()
    {
        var time = new FakeTimeProvider();
        time.Advance(TimeSpan.FromDays(1));
        var rates = new Rates<int>(time, perSecond: 10, burst: 5, keysMax: 100);
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => rates.TryTake(1, out TimeSpan _)));
        Assert.True(rates.TryTake(2, out _));
        Assert.False(rates.TryTake(1, out var wait));
        Assert.Equal(TimeSpan.FromMilliseconds(100), wait);
        time.Advance(wait);
        Assert.True(rates.TryTake(1, out _));
        Assert.False(rates.TryTake(1, out _));
        time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(5, Enumerable.Range(0, 20).Count(_ => rates.TryTake(1, out TimeSpan _)));
    }

    [Fact]
    public void Looking_counts_nothing()
    {
        var time = new FakeTimeProvider();
        time.Advance(TimeSpan.FromDays(1));
        var rates = new Rates<int>(time, perSecond: 1, burst: 1, keysMax: 100);
        Assert.False(rates.IsExhausted(1, out _));
        Assert.False(rates.IsExhausted(1, out _));
        Assert.True(rates.TryTake(1, out _));
        Assert.True(rates.IsExhausted(1, out var wait));
        Assert.Equal(TimeSpan.FromSeconds(1), wait);
    }

    /// <summary>Against a bucket that is counted out: tokens come one each interval up to the burst, and each event takes one.</summary>
    [Fact]
    public void It_is_a_token_bucket() => Gen.Select(Gen.Int[1, 10], Gen.Int[0, 300].Array[1, 80]).Sample((burst, pauses) =>
    {
        var time = new FakeTimeProvider();
        time.Advance(TimeSpan.FromDays(1));
        var rates = new Rates<int>(time, perSecond: 10, burst, keysMax: 100);
        var tokens = (double)burst;
        foreach (var pause in pauses)
        {
            time.Advance(TimeSpan.FromMilliseconds(pause));
            tokens = Math.Min(burst, tokens + (pause / 100.0));
            var expected = tokens >= 1 - 1e-9;
            if (expected) { tokens--; }
            Assert.Equal(expected, rates.TryTake(1, out _));
        }
    });

    [Fact]
    public async Task No_event_too_many_is_let_through_when_many_ask_at_once()
    {
        var time = new FakeTimeProvider();
        time.Advance(TimeSpan.FromDays(1));
        var rates = new Rates<int>(time, perSecond: 1, burst: 100, keysMax: 100);
        var taken = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Enumerable.Range(0, 1_000).Count(_ => rates.TryTake(1, out TimeSpan _)))));
        Assert.Equal(100, taken.Sum());
    }

    [Fact]
    public void Keys_are_bounded()
    {
        var rates = new Rates<int>(TimeProvider.System, perSecond: 1, burst: 1, keysMax: 1_000);
        for (var key = 0; key < 50_000; key++)
        {
            rates.TryTake(key, out _);
            Assert.InRange(rates.Count, 1, 1_000);
        }
    }

    [Theory]
    [InlineData("10.1.2.3", "::ffff:10.1.2.3", true), InlineData("10.1.2.3", "10.1.2.4", false), InlineData("2001:db8::1", "2001:db8::ffff:2", true), InlineData("2001:db8::1", "2001:db8:0:1::1", false)]
    [InlineData("0.0.0.1", "::1", false)]
    public void Addresses_count_as_one_where_one_party_has_them(string one, string other, bool same) =>
        Assert.Equal(same, AddressKey.Of(IPAddress.Parse(one)) == AddressKey.Of(IPAddress.Parse(other)));
}
