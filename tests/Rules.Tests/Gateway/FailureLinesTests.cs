using System.Collections.Immutable;
using FirstCome.Eureka;
using FirstCome.Gateway.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace FirstCome.RulesTests.Gateway;

public sealed class FailureLinesTests(Edge edge) : IClassFixture<Edge>
{
    [Fact]
    public void Of_an_instance_that_is_away_one_failure_a_second_is_logged_and_the_others_are_counted()
    {
        var time = new FakeTimeProvider();
        var (away, other) = (Instance(1), Instance(2));
        Assert.True(away.IsFailureLogged(time, out var unlogged));
        Assert.Equal(0, unlogged);
        for (var i = 0; i < 7; i++) { Assert.False(away.IsFailureLogged(time, out _)); }
        Assert.True(other.IsFailureLogged(time, out _));
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(away.IsFailureLogged(time, out unlogged));
        Assert.Equal(7, unlogged);
        time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(away.IsFailureLogged(time, out unlogged));
        Assert.Equal(0, unlogged);
    }

    [Fact]
    public void The_forwarder_does_not_warn_of_each_failed_request() => Assert.False(
        edge.Gateway.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Yarp.ReverseProxy.Forwarder.HttpForwarder").IsEnabled(LogLevel.Warning));

    private static Destination Instance(int port) => new(new ServiceInstance(
        "a-service", $"127.0.0.1:{port}", "localhost", "127.0.0.1", port, false, ImmutableSortedDictionary<string, string>.Empty));
}
