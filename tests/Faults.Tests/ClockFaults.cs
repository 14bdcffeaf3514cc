using FirstCome.TestKit;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>
/// What may become of the clock of a machine: of one that runs an IssueService and an IssueWorker, and of Redis' own. The gate's clock alone decides when a campaign runs and when a claim was accepted; records carry the log's own time.
/// </summary>
public sealed class ClockFaults(RealSystem system)
{
    private static readonly TimeSpan s_off = TimeSpan.FromMinutes(5), s_near = TimeSpan.FromSeconds(30), s_gateOff = TimeSpan.FromSeconds(20);

    [Fact]
    public Task A_machines_clock_jumps_ahead()
    {
        Needed.Full("some more minutes");
        return HoldAsync(s_off, restarts: false);
    }

    /// <summary>A gate is not opened by a clock that cannot be right; it opens by itself when it is.</summary>
    [Fact]
    public async Task The_gate_is_lost_while_the_clock_of_Redis_is_off()
    {
        var redis = await system.RedisAdminAsync();
        var clock = Needed.Clock(system.RedisClock);
        await FaultRehearsal.HoldAsync(system, async cancel =>
        {
            clock.SetOff(s_gateOff);
            await redis.FlushAllDatabasesAsync();
            try
            {
                // Nothing else makes them say so.
                await Eventually.TrueAsync(
                    () => Task.FromResult(system.Services.Process.Output.Contains("the clocks of Redis and the database differ", StringComparison.Ordinal)), s_near, "the gate stays closed and says why");
            }
            finally { clock.SetOff(TimeSpan.Zero); }
        }, sign: Sign.ClaimsWithheld);
    }

    [Fact]
    public Task A_machines_clock_is_behind_from_its_start() => HoldAsync(-s_off, restarts: true);

    // Wrong until the audit is over.
    private async Task HoldAsync(TimeSpan off, bool restarts)
    {
        await system.ReadyAsync();
        var clock = Needed.Clock(system.Clock);
        try
        {
            await FaultRehearsal.HoldAsync(system, _ =>
            {
                clock.SetOff(off);
                if (restarts)
                {
                    system.Services.Kill(RealSystem.SecondIssueService);
                    system.Services.Kill(RealSystem.SecondIssueWorker);
                }
                return Task.CompletedTask;
            });
            Assert.InRange(await ToldAsync() - DateTimeOffset.UtcNow - off, -s_near, s_near);
        }
        finally { clock.SetOff(TimeSpan.Zero); }
    }

    // A clock that was right would let the fault pass.
    private async Task<DateTimeOffset> ToldAsync()
    {
        using var client = new HttpClient();
        DateTimeOffset? told = null;
        await Eventually.TrueAsync(
            async () =>
            {
                try
                {
                    using var answer = await client.GetAsync(new Uri(system.Services.Address(RealSystem.SecondIssueService), "/health/live"), TestContext.Current.CancellationToken);
                    told = answer.Headers.Date ?? throw new InvalidOperationException("The instance did not tell the time.");
                    return true;
                }
                // It may still be starting when the audit is over.
                catch (HttpRequestException) { return false; }
            },
            s_near, "the instance answers");
        return told!.Value;
    }
}
