using FirstCome.CouponService.Sweeps;
using FirstCome.Engines.Database;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.CouponService.Campaigns.Changes;

/// <summary>Completes changes whose order to the gate went unanswered, or whose process died in between.</summary>
internal sealed class PendingChangeSweep(Database database, CampaignChanges changes, IOptions<CampaignOptions> options, TimeProvider time, ILogger<PendingChangeSweep> logger)
    : Sweep("campaign-changes", options.Value.SweepInterval, time, logger)
{
    private const int BatchMax = 20;
    private const int ParallelMax = 4;
    private readonly TimeProvider _time = time;
    private volatile int _waiting;

    public override HealthState Current => base.Current is { Severity: not Severity.Ok } failure ? failure
        : _waiting > 0 ? new(Severity.Degraded, $"{_waiting} changes of campaigns wait for issue-service to confirm them") : HealthState.Ok;

    protected override async Task<bool> PassAsync(CancellationToken cancellationToken)
    {
        var due = await database.ReadAsync((connection, token) => PendingChange.DueAsync(connection, _time.GetUtcNow(), BatchMax, token), cancellationToken);
        await Parallel.ForEachAsync(due, new ParallelOptions { MaxDegreeOfParallelism = ParallelMax, CancellationToken = cancellationToken }, async (change, token) =>
        {
            if (await changes.TakeAsync(change, token) is { } taken) { await changes.CompleteAsync(taken); }
        });
        _waiting = await database.ReadAsync((connection, token) => PendingChange.CountWaitingAsync(connection, _time.GetUtcNow(), token), cancellationToken);
        return due.Count == BatchMax;
    }
}
