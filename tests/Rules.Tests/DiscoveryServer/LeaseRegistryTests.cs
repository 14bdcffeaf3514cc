using FirstCome.DiscoveryServer;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.Eureka.Wire;
using Xunit;
using static FirstCome.RulesTests.DiscoveryServer.Instances;

namespace FirstCome.RulesTests.DiscoveryServer;

public sealed class LeaseRegistryTests
{
    private static readonly (string, string) A1 = ("A", "1");

    private readonly LeaseRegistry _registry = new(new DiscoveryOptions());

    [Fact]
    public void An_older_registration_does_not_replace_a_newer_one()
    {
        _registry.Register(Instance("A", "1", dirty: 5) with { VipAddress = "new" }, now: 10, replicated: false);
        _registry.Register(Instance("A", "1", dirty: 4) with { VipAddress = "old" }, now: 20, replicated: false);
        Assert.Equal("new", _registry.Find(A1)!.VipAddress);
        _registry.Register(Instance("A", "1", dirty: 5) with { VipAddress = "same age" }, now: 30, replicated: false);
        Assert.Equal("same age", _registry.Find(A1)!.VipAddress);
    }

    [Fact]
    public void The_time_of_first_service_survives_a_new_registration()
    {
        _registry.Register(Instance("A", "1", InstanceStatus.Starting), now: 10, replicated: false);
        Assert.Equal(0, _registry.Find(A1)!.Lease!.ServiceUpTimestamp);
        _registry.Register(Instance("A", "1"), now: 20, replicated: false);
        _registry.Register(Instance("A", "1"), now: 30, replicated: false);
        Assert.Equal(20, _registry.Find(A1)!.Lease!.ServiceUpTimestamp);
    }

    [Fact]
    public void A_heartbeat_is_refused_where_the_instance_must_register_again()
    {
        Assert.Equal(RenewOutcome.NoLease, _registry.Renew(A1, null, 0, false).Outcome);
        _registry.Register(Instance("A", "1", dirty: 5), now: 0, replicated: false);
        Assert.Equal(RenewOutcome.Renewed, _registry.Renew(A1, 5, 1, false).Outcome);
        Assert.Equal(RenewOutcome.Renewed, _registry.Renew(A1, 4, 1, false).Outcome);
        Assert.Equal(RenewOutcome.RegistrationIsOlder, _registry.Renew(A1, 6, 1, false).Outcome);
        Assert.Equal(RenewOutcome.RegistrationIsNewer, _registry.Renew(A1, 4, 1, true).Outcome);
        _registry.OverrideStatus(A1, InstanceStatus.OutOfService, null, 2);
        _registry.RemoveOverride(A1, InstanceStatus.Unknown, null, 3);
        Assert.Equal(RenewOutcome.StatusUnknown, _registry.Renew(A1, 5, 4, false).Outcome);
    }

    [Fact]
    public void An_override_goes_before_what_the_instance_says_until_it_is_removed()
    {
        _registry.Register(Instance("A", "1"), now: 0, replicated: false);
        _registry.OverrideStatus(A1, InstanceStatus.OutOfService, null, 1);
        _registry.Register(Instance("A", "1", dirty: 9), now: 2, replicated: false);
        Assert.Equal(InstanceStatus.OutOfService, _registry.StatusOf("A", "1"));
        _registry.Register(Instance("A", "1", InstanceStatus.Down, dirty: 10), now: 3, replicated: false);
        Assert.Equal(InstanceStatus.Down, _registry.StatusOf("A", "1"));
        _registry.Register(Instance("A", "1", dirty: 11), now: 4, replicated: false);
        Assert.Equal(InstanceStatus.OutOfService, _registry.StatusOf("A", "1"));
        _registry.RemoveOverride(A1, InstanceStatus.Up, null, 5);
        Assert.Equal(InstanceStatus.Up, _registry.StatusOf("A", "1"));
    }

    [Fact]
    public void An_override_nobody_asks_for_is_forgotten_after_an_hour()
    {
        const long hour = 60 * 60 * 1000;
        _registry.Register(Instance("A", "1"), now: 0, replicated: false);
        _registry.OverrideStatus(A1, InstanceStatus.Down, null, 0);
        _registry.Register(Instance("A", "1", InstanceStatus.Starting, dirty: 2), now: hour + 1, replicated: false);
        _registry.Register(Instance("A", "1", dirty: 3), now: hour + 2, replicated: false);
        Assert.Equal(InstanceStatus.Up, _registry.StatusOf("A", "1"));
    }

    [Fact]
    public void Heartbeats_keep_an_override_alive()
    {
        const long halfAnHour = 30 * 60 * 1000;
        _registry.Register(Instance("A", "1"), now: 0, replicated: false);
        _registry.OverrideStatus(A1, InstanceStatus.OutOfService, null, 0);
        for (var i = 1; i <= 4; i++) _registry.Renew(A1, null, i * halfAnHour, false);
        _registry.RemoveOverride(A1, InstanceStatus.Up, null, 5 * halfAnHour);
        Assert.Equal(InstanceStatus.Up, _registry.StatusOf("A", "1"));
    }

    [Theory]
    [InlineData(InstanceStatus.Down, InstanceStatus.OutOfService, InstanceStatus.Up, false, InstanceStatus.Down)]
    [InlineData(InstanceStatus.Starting, InstanceStatus.OutOfService, null, false, InstanceStatus.Starting)]
    [InlineData(InstanceStatus.Unknown, InstanceStatus.Up, null, false, InstanceStatus.Unknown)]
    [InlineData(InstanceStatus.Up, InstanceStatus.OutOfService, InstanceStatus.Up, false, InstanceStatus.OutOfService)]
    [InlineData(InstanceStatus.Up, InstanceStatus.Unknown, InstanceStatus.OutOfService, false, InstanceStatus.OutOfService)]
    [InlineData(InstanceStatus.OutOfService, InstanceStatus.Unknown, InstanceStatus.Up, false, InstanceStatus.Up)]
    [InlineData(InstanceStatus.OutOfService, InstanceStatus.Unknown, InstanceStatus.Up, true, InstanceStatus.OutOfService)]
    [InlineData(InstanceStatus.Up, InstanceStatus.Unknown, InstanceStatus.Down, false, InstanceStatus.Up)]
    [InlineData(InstanceStatus.Up, InstanceStatus.Unknown, null, false, InstanceStatus.Up)]
    public void The_first_rule_that_matches_decides_the_status(
        InstanceStatus said, InstanceStatus overridden, InstanceStatus? held, bool replicated, InstanceStatus expected) =>
        Assert.Equal(expected, StatusRule.Decide(said, overridden, held, replicated));

    [Fact]
    public void More_instances_than_allowed_are_refused_and_known_ones_are_not()
    {
        var registry = new LeaseRegistry(new DiscoveryOptions { MaxInstances = 2 });
        registry.Register(Instance("A", "1"), 0, false);
        registry.Register(Instance("A", "2"), 0, false);
        Assert.Equal(RegisterOutcome.Full, registry.Register(Instance("B", "1"), 0, false));
        Assert.Equal(RegisterOutcome.Registered, registry.Register(Instance("A", "2"), 0, false));
        registry.Cancel(A1, 1);
        Assert.Equal(RegisterOutcome.Registered, registry.Register(Instance("B", "1"), 2, false));
    }

    [Fact]
    public void Metadata_grows_only_to_its_limit_and_counts_as_a_registration()
    {
        _registry.Register(Instance("A", "1"), now: 0, replicated: false);
        Assert.Equal(MetadataOutcome.Changed, _registry.ChangeMetadata(A1, [new("zone", "b")], 5));
        Assert.Equal(InstanceAction.Added, _registry.Find(A1)!.Action);
        Assert.Equal(5, _registry.Find(A1)!.Lease!.RegistrationTimestamp);
        Assert.Equal(MetadataOutcome.TooLarge, _registry.ChangeMetadata(A1, [new("big", new string('x', RegistrationLimits.LongestMetadata))], 6));
        Assert.Equal("b", Assert.Single(_registry.Find(A1)!.Metadata).Value);
        Assert.Equal(MetadataOutcome.NoLease, _registry.ChangeMetadata(("A", "2"), [], 7));
    }
}
