using System.Diagnostics;
using System.Threading.Channels;
using FirstCome.Contracts.Claims;
using FirstCome.IssueService.Gate;

namespace FirstCome.IssueService.Claims;

/// <summary>What became of a claim: a claim (new or the same again), or a refusal.</summary>
/// <param name="Refusal">Null where there is a claim.</param>
/// <param name="LoggedNow">Logged by this very request (202), not before (200).</param>
/// <param name="FirstInGroupFailed">For <see cref="ClaimRefusal.NotEligible"/>: it was the gate that said so.</param>
internal readonly record struct ClaimOutcome(ClaimRefusal? Refusal, long Sequence, int Nth, long AcceptedAtMs, bool LoggedNow, bool FirstInGroupFailed)
{
    public static ClaimOutcome Refused(ClaimRefusal refusal, bool firstInGroupFailed = false) => new(refusal, 0, 0, 0, false, firstInGroupFailed);

    public static ClaimOutcome Of(GateAnswer answer, bool loggedNow) => new(null, answer.Sequence, answer.Nth, answer.AcceptedAtMs, loggedNow, false);
}

/// <summary>A claim on its way through gate and log. Its caller may be gone; it goes on.</summary>
internal sealed class PendingClaim(GateClaim claim, byte[] fullKeyHash, string? traceParent, long deadline)
{
    private readonly TaskCompletionSource<ClaimOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public GateClaim Claim { get; } = claim;
    public byte[] FullKeyHash { get; } = fullKeyHash;
    public string? TraceParent { get; } = traceParent;
    public long Deadline { get; } = deadline;
    public Task<ClaimOutcome> Outcome => _outcome.Task;

    public void Complete(ClaimOutcome outcome) => _outcome.TrySetResult(outcome);
}

/// <summary>
/// The claims on one campaign that wait at this instance. Micro-batches without a timer: while one call to the gate is under way the next batch gathers.
/// Winners go on to <see cref="ClaimLog"/>, so that the next call to the gate does not wait for the log.
/// </summary>
internal sealed class ClaimQueue
{
    private static readonly TimeSpan s_askAgainAfter = TimeSpan.FromMilliseconds(20);

    private readonly Channel<PendingClaim> _waiting;
    private readonly CampaignGate _gate;
    private readonly ClaimLog _log;
    private readonly ClaimOptions _options;
    private readonly ClaimMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Action _gateLost;
    private readonly Action _soldOut;

    /// <param name="gateLost">Told when the gate must be rebuilt.</param>
    /// <param name="soldOut">Told when the gate said "sold out".</param>
    public ClaimQueue(CampaignGate gate, ClaimLog log, ClaimOptions options, ClaimMetrics metrics, TimeProvider time, ILogger logger, Action gateLost, Action soldOut)
    {
        (_gate, _log, _options, _metrics, _time, _logger, _gateLost, _soldOut) = (gate, log, options, metrics, time, logger, gateLost, soldOut);
        _waiting = Channel.CreateBounded<PendingClaim>(new BoundedChannelOptions(options.QueueMax) { SingleReader = true });
    }

    /// <summary>Enters a claim; the outcome comes within the claim's time limit and the engines' own. A full queue answers at once.</summary>
    public Task<ClaimOutcome> SubmitAsync(PendingClaim claim)
    {
        if (!_waiting.Writer.TryWrite(claim)) { claim.Complete(ClaimOutcome.Refused(ClaimRefusal.Unavailable)); }
        return claim.Outcome;
    }

    /// <summary>Decides batch after batch until stopped.</summary>
    public async Task RunAsync(CancellationToken stopping)
    {
        var batch = new List<PendingClaim>(_options.GateBatchMax);
        var claims = new List<GateClaim>(_options.GateBatchMax);
        var answers = new GateAnswer[_options.GateBatchMax];
        // Whoever made the queue is no parent of what it does.
        Activity.Current = null;
        try
        {
            while (await _waiting.Reader.WaitToReadAsync(stopping))
            {
                Gather(batch, claims);
                if (batch.Count > 0) { await DecideAsync(batch, claims, answers, stopping); }
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            ClaimsLog.QueueStopped(_logger);
        }
        _waiting.Writer.TryComplete();
        while (_waiting.Reader.TryRead(out var left)) { left.Complete(ClaimOutcome.Refused(ClaimRefusal.Unavailable)); }
    }

    private void Gather(List<PendingClaim> batch, List<GateClaim> claims)
    {
        batch.Clear();
        claims.Clear();
        var now = _time.GetTimestamp();
        while (batch.Count < _options.GateBatchMax && _waiting.Reader.TryRead(out var claim))
        {
            if (claim.Deadline <= now) { claim.Complete(ClaimOutcome.Refused(ClaimRefusal.Unavailable)); continue; }
            batch.Add(claim);
            claims.Add(claim.Claim);
        }
    }

    private async Task DecideAsync(List<PendingClaim> batch, List<GateClaim> claims, GateAnswer[] answers, CancellationToken stopping)
    {
        using var trace = ClaimTraces.Gate(batch);
        try
        {
            var (status, generation) = await AskAsync(claims, answers);
            if (status != GateStatus.Answered)
            {
                if (status == GateStatus.Lost || status == GateStatus.Rebuilding) { _gateLost(); }
                Complete(batch, ClaimRefusal.Recovering);
                return;
            }
            List<PendingClaim>? unsure = null;
            for (var i = 0; i < batch.Count; i++) { Settle(batch[i], answers[i], generation, ref unsure); }
            if (unsure is not null) { _ = AskAgainAsync(unsure, stopping); }
        }
        // Whatever broke, the queue goes on. Whether the script ran is unknown: a reservation that it made is published by the sweep, and a repeat finds it.
        catch (Exception exception)
        {
            trace?.Failed(exception);
            ClaimsLog.GateUnavailable(_logger, exception);
            Complete(batch, ClaimRefusal.Unavailable);
        }
    }

    private async Task<(GateStatus Status, int Generation)> AskAsync(List<GateClaim> claims, GateAnswer[] answers)
    {
        var started = _time.GetTimestamp();
        try
        {
            var answered = await _gate.ClaimAsync(claims, answers);
            _metrics.GateAsked(claims.Count, _time.GetElapsedTime(started));
            return answered;
        }
        catch (Exception exception)
        {
            _metrics.GateAsked(claims.Count, _time.GetElapsedTime(started), exception);
            throw;
        }
    }

    private void Settle(PendingClaim claim, GateAnswer answer, int generation, ref List<PendingClaim>? unsure)
    {
        switch (answer.Verdict)
        {
            case GateVerdict.Won or GateVerdict.HeldUnlogged: _log.Append(claim, answer, generation); break;
            case GateVerdict.Held: claim.Complete(ClaimOutcome.Of(answer, loggedNow: false)); break;
            case GateVerdict.NotYetKnown: (unsure ??= []).Add(claim); break;
            case GateVerdict.SoldOut: _soldOut(); claim.Complete(ClaimOutcome.Refused(ClaimRefusal.SoldOut)); break;
            case GateVerdict.NotOpenYet: claim.Complete(ClaimOutcome.Refused(ClaimRefusal.NotOpenYet)); break;
            case GateVerdict.Closed: claim.Complete(ClaimOutcome.Refused(ClaimRefusal.Closed)); break;
            case GateVerdict.Paused: claim.Complete(ClaimOutcome.Refused(ClaimRefusal.Paused)); break;
            case GateVerdict.NotEligible: claim.Complete(ClaimOutcome.Refused(ClaimRefusal.NotEligible)); break;
            case GateVerdict.NotFirstInGroup: claim.Complete(ClaimOutcome.Refused(ClaimRefusal.NotEligible, firstInGroupFailed: true)); break;
            case GateVerdict.LimitReached: claim.Complete(ClaimOutcome.Refused(ClaimRefusal.LimitReached)); break;
            default: throw new InvalidOperationException($"The gate gave the unknown verdict '{(char)answer.Verdict}'.");
        }
    }

    // Places are taken by reservations that the log has not acknowledged yet: it is soon known whether this is sold out.
    private async Task AskAgainAsync(List<PendingClaim> unsure, CancellationToken stopping)
    {
        await Task.Delay(s_askAgainAfter, _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var claim in unsure)
        {
            if (!_waiting.Writer.TryWrite(claim)) { claim.Complete(ClaimOutcome.Refused(ClaimRefusal.Unavailable)); }
        }
    }

    private static void Complete(List<PendingClaim> batch, ClaimRefusal refusal)
    {
        foreach (var claim in batch) { claim.Complete(ClaimOutcome.Refused(refusal)); }
    }
}
