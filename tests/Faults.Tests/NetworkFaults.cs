using FirstCome.TestKit;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>What may become of the network while the crowd asks: packets that nobody answers, and late ones. Nothing tells a program that the other end is away, as the end of its process would.</summary>
public sealed class NetworkFaults(RealSystem system)
{
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(8), s_delay = TimeSpan.FromMilliseconds(200);

    // A batch that becomes rows, then coupons, takes some fifty turns of 0.4 s.
    private static readonly TimeSpan s_manyTurns = TimeSpan.FromSeconds(25);

    [Fact]
    public Task The_network_to_Redis_is_cut_for_eight_seconds() => CutAsync(() => [system.RedisNetwork], Sign.ClaimsWithheld);

    [Fact]
    public Task The_network_to_Kafka_is_cut_for_eight_seconds() => CutAsync(() => [system.KafkaNetwork], Sign.ClaimsWithheld);

    [Fact]
    public Task The_network_to_the_database_is_cut_for_eight_seconds() => CutAsync(() => [system.DatabaseNetwork], Sign.CouponsLate);

    [Fact]
    public Task The_network_between_the_gateway_and_an_IssueService_is_cut_for_eight_seconds() => CutAsync(() => [system.IssueServiceNetwork], Sign.ClaimsWithheld);

    [Fact]
    public Task The_network_to_UserService_CouponService_and_CacheService_is_cut_for_eight_seconds() => CutAsync(() => system.OtherNetworks, Sign.None);

    [Fact]
    public Task The_network_to_Redis_is_slow() => SlowAsync(() => system.RedisNetwork);

    [Fact]
    public Task The_network_to_Kafka_is_slow() => FullAsync(() => system.KafkaNetwork);

    [Fact]
    public Task The_network_to_the_database_is_slow() => FullAsync(() => system.DatabaseNetwork, s_manyTurns);

    [Fact]
    public Task The_network_between_the_gateway_and_an_IssueService_is_slow() => FullAsync(() => system.IssueServiceNetwork);

    private Task FullAsync(Func<NetworkProxy> network, TimeSpan later = default)
    {
        Needed.Full("some more minutes");
        return SlowAsync(network, later);
    }

    private async Task CutAsync(Func<IReadOnlyList<NetworkProxy>> networks, Sign sign) => await FaultRehearsal.HoldAsync(system, async cancel =>
    {
        foreach (var network in networks()) { network.Cut(); }
        try { await Task.Delay(s_outage, cancel); }
        finally { foreach (var network in networks()) { network.Restore(); } }
    }, s_outage, sign);

    // Slow until the audit is over.
    private async Task SlowAsync(Func<NetworkProxy> network, TimeSpan later = default)
    {
        try
        {
            await FaultRehearsal.HoldAsync(system, _ =>
            {
                network().Slow(s_delay);
                return Task.CompletedTask;
            }, later);
        }
        finally { network().Restore(); }
    }
}
