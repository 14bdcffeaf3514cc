using FirstCome.TestKit;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>
/// What may become of the clock of a machine that runs an IssueService and an IssueWorker. The gate's clock alone decides when a campaign runs and when a claim was accepted; records carry the log's own time.
/// </summary>
public sealed class ClockFaults(RealSystem system)
{
    private static readonly TimeSpan s_off = TimeSpan.FromMinutes(5);

    [Fact]
    public Task A_machines_clock_jumps_ahead()
    {
        Needed.Full("some more minutes");
        return HoldAsync(s_off, restarts: false);
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
        }
        finally { clock.SetOff(TimeSpan.Zero); }
    }
}
