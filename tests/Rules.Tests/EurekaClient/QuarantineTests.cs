using FirstCome.Eureka;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static FirstCome.RulesTests.DiscoveryServer.Instances;

namespace FirstCome.RulesTests.EurekaClient;

/// <summary>How long an instance is avoided, or kept, whatever happens to the clock meanwhile.</summary>
public sealed class QuarantineTests : IDisposable
{
    private readonly SteppedTime _time = new();
    private readonly EurekaRegistry _registry;

    public QuarantineTests()
    {
        var options = new EurekaClientOptions { ServerUrls = { "http://127.0.0.1:1" }, QuarantineDuration = TimeSpan.FromSeconds(5) };
        _registry = new(Options.Create(options), _time, NullLogger<EurekaRegistry>.Instance);
        _registry.Replace(new("1", "", [Instance("A", "one"), Instance("A", "two")]));
    }

    [Theory]
    [InlineData(-86_400)]
    [InlineData(0)]
    [InlineData(86_400)]
    public void A_failed_instance_is_avoided_for_its_time_though_the_clock_is_set(int step)
    {
        _registry.ReportFailure(_registry.Instances("a")[0]);
        _time.Step = TimeSpan.FromSeconds(step);
        _time.Advance(TimeSpan.FromSeconds(4.9));
        // Something else happens: what has run out would be dropped now.
        _registry.Apply(new("1", "", [Instance("B", "other")]));
        Assert.Equal(["two"], _registry.Instances("a").Select(instance => instance.InstanceId));
        _time.Advance(TimeSpan.FromSeconds(0.2));
        Assert.Equal(2, _registry.Instances("a").Count);
    }

    [Theory]
    [InlineData(-86_400)]
    [InlineData(86_400)]
    public void Instances_that_a_restarted_registry_does_not_show_stay_for_two_renewals_though_the_clock_is_set(int step)
    {
        _registry.Replace(new("1", "", []));
        _time.Step = TimeSpan.FromSeconds(step);
        _time.Advance(TimeSpan.FromSeconds(59));
        _registry.Apply(new("1", "", [Instance("B", "other")]));
        Assert.Equal(2, _registry.Instances("a").Count);
        _time.Advance(TimeSpan.FromSeconds(2));
        Assert.Empty(_registry.Instances("a"));
    }

    public void Dispose() => _registry.Dispose();

    /// <summary>A clock that is set, while timers and timestamps go on.</summary>
    private sealed class SteppedTime : TimeProvider
    {
        private readonly FakeTimeProvider _even = new();

        public TimeSpan Step { get; set; }

        public override long TimestampFrequency => _even.TimestampFrequency;

        public void Advance(TimeSpan duration) => _even.Advance(duration);

        public override DateTimeOffset GetUtcNow() => _even.GetUtcNow() + Step;

        public override long GetTimestamp() => _even.GetTimestamp();

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            _even.CreateTimer(callback, state, dueTime, period);
    }
}
