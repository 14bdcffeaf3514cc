using System.Text;
using FirstCome.ConfigClient;
using Xunit;

namespace FirstCome.RulesTests.ConfigServer;

/// <summary>How the client takes an answer apart.</summary>
public sealed class EnvironmentAnswerTests
{
    [Theory]
    [InlineData("a.b[0].c", "a:b:0:c")]
    [InlineData("m[0][1]", "m:0:1")]
    [InlineData("Logging.LogLevel[Microsoft.AspNetCore]", "Logging:LogLevel:Microsoft.AspNetCore")]
    [InlineData("[a.b].c", "a.b:c")]
    [InlineData("plain", "plain")]
    public void Keys_become_those_of_NET(string spring, string net) => Assert.Equal(net, EnvironmentAnswer.DotNetKey(spring));

    [Fact]
    public void The_first_source_wins_and_lists_are_taken_whole()
    {
        var settings = Read("""
            {"version":"v1","propertySources":[
              {"name":"high","source":{"a":1,"l[0]":"x","e":"","M[k.k]":true,"nested":{"p":[{"q":1.5}]}}},
              {"name":"low","source":{"A":2,"b":"only","L[0]":"y","l[1]":"z","e[0]":"gone","m[other]":"stays"}}]}
            """);
        Assert.Equal("v1", settings.Version);
        Assert.Equal(
            ["M:k.k=true", "a=1", "b=only", "e=", "l:0=x", "m:other=stays", "nested:p:0:q=1.5"],
            settings.Values.Select(pair => $"{pair.Key}={pair.Value}").Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"propertySources\":[{}]}")]
    [InlineData("{\"propertySources\":[{\"source\":null}]}")]
    [InlineData("{\"propertySources\":")]
    [InlineData("")]
    public void What_is_no_environment_is_refused(string body) => Assert.Throws<FormatException>(() => Read(body));

    [Fact]
    public void An_absurd_number_of_keys_is_refused()
        => Assert.Throws<FormatException>(() => Read("{\"propertySources\":[{\"source\":{" + string.Join(',', Enumerable.Range(0, 20_001).Select(i => $"\"k{i}\":1")) + "}}]}"));

    [Theory]
    [InlineData(0, 0.5, 30)]
    [InlineData(0, 0, 27)]
    [InlineData(0, 1, 33)]
    [InlineData(1, 0.5, 0.25)]
    [InlineData(3, 0.5, 1)]
    [InlineData(7, 0.5, 16)]
    [InlineData(8, 0.5, 30)]
    [InlineData(1_000, 0.5, 30)]
    public void Pauses_double_up_to_the_poll_interval_and_are_spread(int failures, double random, double seconds)
        => Assert.Equal(seconds, ConfigPolling.Pause(failures, TimeSpan.FromSeconds(30), random).TotalSeconds, precision: 6);

    private static SettingsSet Read(string body) => EnvironmentAnswer.Read(Encoding.UTF8.GetBytes(body), DateTimeOffset.UnixEpoch);
}
