using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>What may become of the database while the crowd asks: the crowd itself never needs it.</summary>
public sealed class DatabaseFaults(RealSystem system)
{
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(10);

    [Fact]
    public Task The_database_is_killed_for_ten_seconds() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        await system.Database.Process.KillAsync();
        await Task.Delay(s_outage, cancel);
        await system.Database.RestartAsync();
    }, s_outage);

    [Fact]
    public Task The_database_is_read_only_for_ten_seconds() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        await system.Database.ExecuteAsync("SET GLOBAL read_only = 1");
        try { await Task.Delay(s_outage, cancel); }
        finally { await system.Database.ExecuteAsync("SET GLOBAL read_only = 0"); }
    }, s_outage);

    [Fact]
    public Task The_database_and_Redis_are_killed_and_the_gate_waits_for_the_ledger() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        await system.Database.Process.KillAsync();
        await system.Redis.RestartAsync();
        await Task.Delay(s_outage / 2, cancel);
        await system.Database.RestartAsync();
    }, s_outage / 2);
}
