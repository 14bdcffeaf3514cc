using FirstCome.DiscoveryServer;
using FirstCome.DiscoveryServer.Leases;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;
using Xunit;
using static FirstCome.RulesTests.DiscoveryServer.Instances;

namespace FirstCome.RulesTests.DiscoveryServer;

public sealed class EvictionTests
{
    private readonly DiscoveryOptions _options = new() { SelfPreservation = false };
    private readonly Random _random = new(1);

    [Fact]
    public void A_lease_lives_as_long_as_it_says_and_not_twice_as_long()
    {
        var registry = new LeaseRegistry(_options);
        registry.Register(Instance("A", "1"), 0, false);
        registry.Renew(("A", "1"), null, 10_000, false);
        Assert.Equal(0, registry.Evict(100_000, TimeSpan.Zero, _random).Evicted);
        Assert.Equal(1, registry.Evict(100_001, TimeSpan.Zero, _random).Evicted);
    }

    [Fact]
    public void A_late_eviction_lengthens_every_lease_by_its_lateness()
    {
        var registry = new LeaseRegistry(_options);
        registry.Register(Instance("A", "1"), 0, false);
        Assert.Equal(0, registry.Evict(100_000, TimeSpan.FromSeconds(10), _random).Evicted);
        Assert.Equal(1, registry.Evict(100_001, TimeSpan.FromSeconds(10), _random).Evicted);
    }

    [Fact]
    public void One_pass_evicts_at_most_the_share_that_the_threshold_leaves()
    {
        var registry = new LeaseRegistry(_options);
        for (var i = 0; i < 100; i++) registry.Register(Instance("A", $"{i}"), 0, false);
        Assert.Equal(15, registry.Evict(1_000_000, TimeSpan.Zero, _random).Evicted);
        Assert.Equal(13, registry.Evict(1_000_000, TimeSpan.Zero, _random).Evicted);
        Assert.Equal(72, registry.Snapshot().Instances.Length);
    }

    [Fact]
    public void Too_few_heartbeats_keep_everybody_and_enough_let_eviction_go_on()
    {
        var registry = new LeaseRegistry(new DiscoveryOptions());
        for (var i = 0; i < 100; i++) registry.Register(Instance("A", $"{i}"), 0, false);

        // 85 of 100 are not above 85 %.
        Heartbeats(registry, 85, until: 120_000);
        var kept = registry.Evict(120_000, TimeSpan.Zero, _random);
        Assert.Equal((0, 15, true), (kept.Evicted, kept.Expired, kept.Preservation.IsPreserving));

        Heartbeats(registry, 86, until: 240_000);
        var gone = registry.Evict(240_000, TimeSpan.Zero, _random);
        Assert.Equal((14, 14, false), (gone.Evicted, gone.Expired, gone.Preservation.IsPreserving));
    }

    [Fact]
    public void A_single_client_that_renews_is_not_preserved_for_ever()
    {
        var registry = new LeaseRegistry(new DiscoveryOptions());
        registry.Register(Instance("A", "1"), 0, false);
        Heartbeats(registry, 2, until: 60_000, ids: ["1"]);
        Assert.False(registry.Preservation(60_000).IsPreserving);
    }

    [Fact]
    public async Task The_upkeep_evicts_at_its_interval_and_purges_old_changes()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeSeconds(1_000_000));
        _options.ChangeRetention = TimeSpan.FromMinutes(20);
        var registry = new LeaseRegistry(_options);
        using var meters = new SilentMeters();
        using var upkeep = new LeaseUpkeep(
            registry, Options.Create(_options), time, new DiscoveryMetrics(meters, registry, time), NullLogger<LeaseUpkeep>.Instance);
        registry.Register(Instance("A", "1"), time.GetUtcNow().ToUnixTimeMilliseconds(), false);
        await upkeep.StartAsync(TestContext.Current.CancellationToken);

        await AdvanceUntil(time, () => registry.Snapshot().Instances.Length == 0);
        Assert.True(time.GetUtcNow() > DateTimeOffset.FromUnixTimeSeconds(1_000_090));
        Assert.Equal(Eureka.Wire.InstanceAction.Deleted, Assert.Single(registry.Snapshot().Changes).Action);
        await AdvanceUntil(time, () => registry.Snapshot().Changes.Length == 0);
        await upkeep.StopAsync(TestContext.Current.CancellationToken);
    }

    // The upkeep runs beside the test: the clock goes on in small steps until it has seen them.
    private static async Task AdvanceUntil(FakeTimeProvider time, Func<bool> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(5));
        while (!condition())
        {
            time.Advance(TimeSpan.FromSeconds(10));
            await poll.WaitForNextTickAsync(limit.Token);
        }
    }

    // Two a minute from each, spread over the last minute before the given moment.
    private static void Heartbeats(LeaseRegistry registry, int count, long until, string[]? ids = null)
    {
        for (var i = 0; i < count; i++)
        {
            var id = ids is null ? $"{i}" : ids[i % ids.Length];
            registry.Renew(("A", id), null, until - 50_000, false);
            if (ids is null) registry.Renew(("A", id), null, until - 20_000, false);
        }
    }

    private sealed class SilentMeters : System.Diagnostics.Metrics.IMeterFactory
    {
        private readonly List<System.Diagnostics.Metrics.Meter> _meters = [];

        public System.Diagnostics.Metrics.Meter Create(System.Diagnostics.Metrics.MeterOptions options)
        {
            var meter = new System.Diagnostics.Metrics.Meter(options);
            _meters.Add(meter);
            return meter;
        }

        public void Dispose() => _meters.ForEach(meter => meter.Dispose());
    }
}
