using FirstCome.Eureka;
using FirstCome.Rehearsal;
using FirstCome.Rehearsal.Api;
using FirstCome.Rehearsal.Report;
using Microsoft.Extensions.Options;

namespace FirstCome.Web.Console.Rehearsals;

/// <summary>Why a rehearsal was not begun.</summary>
internal enum StartRefusal
{
    /// <summary>Another one is running on this instance.</summary>
    Busy,
    TooManyMembers,
    QuotaOutOfRange,
    TooConcurrent,
    RepeatsOutOfRange,
    /// <summary>The registry knows no gateway.</summary>
    NoGateway,
}

/// <summary>
/// Plays rehearsals within this instance, one at a time, through the gateway as any crowd comes. They belong to the instance, not to a page: a page that lost its circuit finds its rehearsal here again.
/// The last few ended ones are kept in memory.
/// </summary>
internal sealed class RunRehearsals(IOptions<RehearsalLimits> options, EurekaRegistry registry, TimeProvider time, ILogger<RunRehearsals> logger) : IHostedService, IDisposable
{
    private readonly Lock _change = new();
    private readonly LinkedList<RehearsalRun> _runs = [];
    private readonly CancellationTokenSource _stopping = new();
    private CancellationTokenSource? _cancel;
    private Task _running = Task.CompletedTask;

    public RehearsalLimits Limits => options.Value;

    /// <summary>The running one first, then the ended ones, newest first.</summary>
    public IReadOnlyList<RehearsalRun> Runs { get { lock (_change) { return [.. _runs]; } } }

    public RehearsalRun? Running { get { lock (_change) { return _runs.First?.Value is { State: RunState.Running } run ? run : null; } } }

    /// <summary>Begins one, or tells why not.</summary>
    /// <param name="by">Who, as the list shows it.</param>
    /// <param name="token">The operator's own access token, good at the moment of asking; it must outlive the page.</param>
    public (RehearsalRun? Run, StartRefusal? Refusal) Start(RehearsalPlan plan, string by, Func<CancellationToken, ValueTask<string>> token)
    {
        if (Judge(plan, Limits) is { } refusal) { return (null, refusal); }
        if (Gateway() is not { } gateway) { return (null, StartRefusal.NoGateway); }
        lock (_change)
        {
            if (_stopping.IsCancellationRequested || !_running.IsCompleted) { return (null, StartRefusal.Busy); }
            var run = new RehearsalRun(Guid.CreateVersion7(time.GetUtcNow()), plan, by, time.GetUtcNow());
            _runs.AddFirst(run);
            while (_runs.Count > Limits.KeptMax) { _runs.RemoveLast(); }
            _cancel?.Dispose();
            _cancel = CancellationTokenSource.CreateLinkedTokenSource(_stopping.Token);
            var cancel = _cancel.Token;
            _running = Task.Run(() => HoldAsync(run, gateway, token, cancel), CancellationToken.None);
            return (run, null);
        }
    }

    /// <summary>Stops a running one; what it has made stays, as a rehearsal that nobody goes on with.</summary>
    public Task CancelAsync(Guid id)
    {
        // Within the lock, so that the next start disposes nothing under it; what is cancelled goes on by threads of its own, and may look at this list.
        lock (_change) { return _runs.First?.Value is { State: RunState.Running } run && run.Id == id && _cancel is { } cancel ? cancel.CancelAsync() : Task.CompletedTask; }
    }

    internal static StartRefusal? Judge(RehearsalPlan plan, RehearsalLimits limits) =>
        plan.Members < 1 || plan.Members > limits.MembersMax ? StartRefusal.TooManyMembers
        : plan.Quota is < 1 or > 10_000_000 ? StartRefusal.QuotaOutOfRange
        : plan.Concurrency < 1 || plan.Concurrency > limits.ConcurrencyMax ? StartRefusal.TooConcurrent
        : plan.Repeats is not (>= 0 and <= 1) ? StartRefusal.RepeatsOutOfRange
        : null;

    private Uri? Gateway() => Limits.Gateway.Length > 0 ? new Uri(Limits.Gateway) : registry.Instances("gateway") is { Count: > 0 } gateways ? gateways[Random.Shared.Next(gateways.Count)].Uri : null;

    private async Task HoldAsync(RehearsalRun run, Uri address, Func<CancellationToken, ValueTask<string>> token, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(Limits.TimeMax, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            using var gateway = new GatewayClient(address, token, run.Plan.Concurrency * 2);
            var (report, stories) = await new HoldRehearsal(run.Plan, gateway, run.Tell).RunAsync(either.Token);
            run.End(RunState.Done, time.GetUtcNow(), new RunOutcome(report, Plots.Of(stories), HtmlReport.Write(report, stories)));
        }
        // Out of the middle of an answer it may come as the stream's end.
        catch (Exception exception) when (either.IsCancellationRequested && exception is (OperationCanceledException or IOException or HttpRequestException))
        {
            run.End(cancellationToken.IsCancellationRequested ? RunState.Cancelled : RunState.TimedOut, time.GetUtcNow());
        }
        catch (Exception exception)
        {
            RehearsalsLog.NotHeld(logger, run.Id, exception);
            run.End(RunState.Failed, time.GetUtcNow(), error: exception.Message);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        Task running;
        lock (_change) { running = _running; }
        await running.WaitAsync(cancellationToken);
    }

    public void Dispose()
    {
        _cancel?.Dispose();
        _stopping.Dispose();
    }
}

internal static partial class RehearsalsLog
{
    [LoggerMessage(Level = LogLevel.Error, Message = "Rehearsal {Run} could not be held.")]
    public static partial void NotHeld(ILogger logger, Guid run, Exception exception);
}
