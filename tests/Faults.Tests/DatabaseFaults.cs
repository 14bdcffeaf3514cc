using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>What may become of the database while the crowd asks: the crowd itself never needs it.</summary>
public sealed class DatabaseFaults(RealSystem system)
{
    private static readonly TimeSpan s_outage = TimeSpan.FromSeconds(10);

    // Claims of no campaign, never committed.
    private const string Claims =
        """
        INSERT INTO firstcome_ledger.claim (campaign_id, sequence, member_id, nth, key_hash, generation, state, accepted_at, issued_at, code, log_partition, log_offset)
        WITH RECURSIVE number AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM number WHERE n < @rows)
        SELECT UNHEX(REPEAT('0', 32)), FLOOR(RAND() * 1000000000000), UNHEX(MD5(RAND())), 1, UNHEX(MD5(RAND())), 0, 0, 0, 0, 'none', 0, 0 FROM number
        """;

    [Fact]
    public Task The_database_is_killed_for_ten_seconds() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        await system.Database.Process.KillAsync();
        await Task.Delay(s_outage, cancel);
        await system.Database.RestartAsync();
    }, s_outage, Sign.CouponsLate);

    [Fact]
    public Task The_database_is_read_only_for_ten_seconds() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        await system.Database.ExecuteAsync("SET GLOBAL read_only = 1");
        try { await Task.Delay(s_outage, cancel); }
        finally { await system.Database.ExecuteAsync("SET GLOBAL read_only = 0"); }
    }, s_outage, Sign.CouponsLate);

    /// <summary>Room that the table's file has in reserve is taken first: else a small crowd would fit in. What the server itself makes of it is its own: it may refuse, stand still, or end.</summary>
    [Fact]
    public async Task The_database_disk_is_full_for_ten_seconds()
    {
        await system.ReadyAsync();
        var disk = system.Database.Disk;
        disk.Fill(leavingMegabytes: 16);
        await FaultRehearsal.HoldAsync(system, async cancel =>
        {
            disk.Fill();
            try
            {
                await using (await system.Database.RepeatUntilRefusedAsync(Claims))
                {
                    await Task.Delay(s_outage, cancel);
                    Assert.False(await system.Database.TakesARowAsync(Claims));
                }
            }
            finally { disk.Free(); }
            if (system.Database.Process.HasExited) { await system.Database.RestartAsync(); }
        }, s_outage);
    }

    [Fact]
    public Task The_database_and_Redis_are_killed_and_the_gate_waits_for_the_ledger() => FaultRehearsal.HoldAsync(system, async cancel =>
    {
        await system.Database.Process.KillAsync();
        await system.Redis.RestartAsync();
        await Task.Delay(s_outage / 2, cancel);
        await system.Database.RestartAsync();
    }, s_outage / 2, Sign.ClaimsWithheld);
}
