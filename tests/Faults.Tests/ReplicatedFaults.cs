using System.Globalization;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>What may become of engines that are several.</summary>
public sealed class ReplicatedFaults(ReplicatedSystem system)
{
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(5);

    [Fact]
    public Task One_of_three_brokers_is_killed_then_a_second() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        await system.Brokers[0].Process.KillAsync();
        await Task.Delay(s_outage, cancel);
        await system.Brokers[1].Process.KillAsync();
        await Task.Delay(s_outage, cancel);
        await Task.WhenAll(system.Brokers[0].RestartAsync(), system.Brokers[1].RestartAsync());
    }, s_outage);

    /// <summary>The classic way to issue too many: the replica lacks the last winners, and gives their numbers to others.</summary>
    [Fact]
    public Task The_master_is_killed_and_its_replica_promoted_behind_it() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        var replica = await system.ReplicaAdminAsync();
        // Cut off from its master, it keeps what it has and learns nothing more.
        await replica.ExecuteAsync("REPLICAOF", "127.0.0.1", "1");
        var had = Offset(await replica.ExecuteAsync("INFO", "replication"));
        await Task.Delay(TimeSpan.FromMilliseconds(400), cancel);
        await system.Master.Process.KillAsync();
        await replica.ExecuteAsync("REPLICAOF", "NO", "ONE");
        Assert.Equal(had, Offset(await replica.ExecuteAsync("INFO", "replication")));
    });

    private static long Offset(StackExchange.Redis.RedisResult info) =>
        long.Parse(((string)info!).Split("\r\n").Single(line => line.StartsWith("master_repl_offset:", StringComparison.Ordinal)).Split(':')[1], CultureInfo.InvariantCulture);
}
