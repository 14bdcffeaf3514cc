using System.Diagnostics.Metrics;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Claims;
using FirstCome.IssueService.Gate;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;

namespace FirstCome.EnginesTests.Claims;

/// <summary>IssueService's own way of a claim, from the queue before the gate to the log's acknowledgement, while it is not disposed.</summary>
internal sealed class ClaimWay : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly CancellationTokenSource _stop = new();
    private readonly ClaimQueue _queue;
    private readonly Task[] _running;

    public ClaimWay(ClaimBench bench, IEventLog log, IMeterFactory meters)
    {
        var options = new ClaimOptions();
        var metrics = new ClaimMetrics(meters);
        var claimLog = new ClaimLog(bench.Campaign.Id, log, bench.Gate, options, metrics, TimeProvider.System, NullLogger.Instance);
        _queue = new ClaimQueue(bench.Gate, claimLog, options, metrics, TimeProvider.System, NullLogger.Instance, () => { }, () => { });
        _running = [claimLog.RunAsync(_stop.Token), _queue.RunAsync(_stop.Token)];
    }

    public Task<ClaimOutcome> ClaimAsync(Guid member, string? traceParent = null)
    {
        var key = IdempotencyKey.Hash("");
        var deadline = TimeProvider.System.GetTimestamp() + ((long)s_limit.TotalSeconds * TimeProvider.System.TimestampFrequency);
        return _queue.SubmitAsync(new PendingClaim(new GateClaim(member, key, true), key, traceParent, deadline)).WaitAsync(s_limit, TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await Task.WhenAll(_running);
        _stop.Dispose();
    }
}
