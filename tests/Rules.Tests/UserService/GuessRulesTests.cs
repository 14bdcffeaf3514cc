using System.Net;
using CsCheck;
using FirstCome.UserService.Sessions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class GuessRulesTests
{
    private static readonly DateTimeOffset s_start = new(2030, 1, 31, 9, 0, 0, TimeSpan.Zero);
    private readonly SignInOptions _options = new();

    [Fact]
    public void The_tenth_failure_begins_a_wait_that_doubles_up_to_a_quarter_of_an_hour()
    {
        Failures? failures = null;
        var now = s_start;
        for (var i = 1; i <= 9; i++)
        {
            failures = GuessRules.After(failures, now, _options);
            Assert.Equal(TimeSpan.Zero, GuessRules.WaitLeft(failures, now));
        }
        foreach (var seconds in (int[])[30, 60, 120, 240, 480, 900, 900, 900])
        {
            failures = GuessRules.After(failures, now, _options);
            Assert.Equal(TimeSpan.FromSeconds(seconds), GuessRules.WaitLeft(failures, now));
            now += TimeSpan.FromSeconds(seconds);
            Assert.Equal(TimeSpan.Zero, GuessRules.WaitLeft(failures, now));
        }
    }

    [Fact]
    public void Failures_are_forgotten_when_the_window_has_passed_since_the_first_and_since_the_last_wait()
    {
        var one = GuessRules.After(null, s_start, _options);
        Assert.Equal(2, GuessRules.After(one, s_start + _options.FailuresWindow - TimeSpan.FromTicks(1), _options).Count);
        Assert.Equal(1, GuessRules.After(one, s_start + _options.FailuresWindow, _options).Count);
        Failures? blocked = null;
        for (var i = 0; i < 10; i++) { blocked = GuessRules.After(blocked, s_start, _options); }
        var waited = s_start + TimeSpan.FromSeconds(30) + _options.FailuresWindow;
        Assert.False(GuessRules.IsOver(blocked!.Value, waited - TimeSpan.FromTicks(1), _options));
        Assert.True(GuessRules.IsOver(blocked.Value, waited, _options));
    }

    /// <summary>However a guesser spreads the guesses: those that are let through stay few, and nobody waits longer than the longest wait.</summary>
    [Fact]
    public void Guesses_at_one_account_stay_few() => Gen.Int[0, 400].Array[0, 2_000].Sample(pauses =>
    {
        Failures? failures = null;
        var now = s_start;
        var tried = new List<DateTimeOffset>();
        foreach (var pause in pauses)
        {
            now += TimeSpan.FromSeconds(pause);
            var wait = GuessRules.WaitLeft(failures, now);
            Assert.True(wait <= _options.WaitMax);
            if (wait > TimeSpan.Zero) { continue; }
            tried.Add(now);
            failures = GuessRules.After(failures, now, _options);
        }
        // 10 at once, then some while the waits grow, then one in each longest wait; a window that passed without a wait allows 9 more.
        for (var first = 0; first < tried.Count; first++)
        {
            var withinAnHour = tried.Skip(first).TakeWhile(at => at < tried[first] + TimeSpan.FromHours(1)).Count();
            Assert.True(withinAnHour <= 9 * 5, $"{withinAnHour} guesses within an hour");
        }
    }, iter: 200);

    [Fact]
    public void An_address_waits_after_its_failures_whatever_the_accounts_and_others_do_not()
    {
        var time = new FakeTimeProvider(s_start);
        var addresses = new AddressFailures(Options.Create(new SignInOptions { AddressFailuresMax = 3 }), time);
        var guesser = IPAddress.Parse("203.0.113.7");
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(TimeSpan.Zero, addresses.WaitLeft(guesser));
            addresses.Add(guesser);
            time.Advance(TimeSpan.FromMinutes(1));
        }
        Assert.Equal(TimeSpan.FromMinutes(12), addresses.WaitLeft(guesser));
        Assert.Equal(TimeSpan.FromMinutes(12), addresses.WaitLeft(IPAddress.Parse("::ffff:203.0.113.7")));
        Assert.Equal(TimeSpan.Zero, addresses.WaitLeft(IPAddress.Parse("203.0.113.8")));
        Assert.Equal(TimeSpan.Zero, addresses.WaitLeft(null));
        time.Advance(TimeSpan.FromMinutes(12));
        Assert.Equal(TimeSpan.Zero, addresses.WaitLeft(guesser));
        addresses.Add(guesser);
        Assert.Equal(TimeSpan.Zero, addresses.WaitLeft(guesser));
    }

    [Fact]
    public void A_network_of_64_bits_is_one_address()
    {
        var addresses = new AddressFailures(Options.Create(new SignInOptions { AddressFailuresMax = 1 }), new FakeTimeProvider(s_start));
        addresses.Add(IPAddress.Parse("2001:db8:1:2::1"));
        Assert.True(addresses.WaitLeft(IPAddress.Parse("2001:db8:1:2:ffff::9")) > TimeSpan.Zero);
        Assert.Equal(TimeSpan.Zero, addresses.WaitLeft(IPAddress.Parse("2001:db8:1:3::1")));
    }

    [Fact]
    public void Wrong_options_are_told_by_their_keys()
    {
        Assert.Empty(new SignInOptions().Check());
        var wrong = new SignInOptions
        {
            FailuresMax = 1,
            WaitMin = TimeSpan.FromHours(1),
            RefreshLifetime = TimeSpan.Zero,
            TrustedProxies = { "10.0.0.0/8", "proxy" },
        };
        Assert.Equal(["SignIn:RefreshLifetime", "SignIn:FailuresMax", "SignIn:WaitMin", "SignIn:TrustedProxies"],
            wrong.Check().Select(sentence => sentence.Split(' ')[0]));
    }
}
