using System.Diagnostics;
using System.Text.Json;
using System.Threading.Channels;
using FirstCome.Contracts.Claims;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.IssueService.Gate;

namespace FirstCome.IssueService.Claims;

/// <summary>
/// Brings one campaign's reservations into the log, and their marks into the gate: only then is a reservation a claim. Batches gather while one is under way.
/// A failure is never compensated: the reservation stands, and <see cref="SweepUnlogged"/> or a repeat publishes it again.
/// </summary>
internal sealed class ClaimLog
{
    private readonly Channel<Entry> _entries;
    private readonly Guid _campaignId;
    private readonly IEventLog _log;
    private readonly CampaignGate _gate;
    private readonly ClaimOptions _options;
    private readonly ClaimMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;

    public ClaimLog(Guid campaignId, IEventLog log, CampaignGate gate, ClaimOptions options, ClaimMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_campaignId, _log, _gate, _options, _metrics, _time, _logger) = (campaignId, log, gate, options, metrics, time, logger);
        _entries = Channel.CreateBounded<Entry>(new BoundedChannelOptions(options.QueueMax) { SingleReader = true });
    }

    /// <summary>Enters a reservation. The claim completes with the log's acknowledgement and the gate's mark, or as unavailable.</summary>
    public void Append(PendingClaim claim, GateAnswer answer, int generation)
    {
        if (!_entries.Writer.TryWrite(new Entry(claim, answer, generation))) { claim.Complete(ClaimOutcome.Refused(ClaimRefusal.Unavailable)); }
    }

    public async Task RunAsync(CancellationToken stopping)
    {
        var batch = new List<Entry>(_options.LogBatchMax);
        // Whoever made the queue is no parent of what it does.
        Activity.Current = null;
        try
        {
            while (await _entries.Reader.WaitToReadAsync(stopping))
            {
                batch.Clear();
                while (batch.Count < _options.LogBatchMax && _entries.Reader.TryRead(out var entry)) { batch.Add(entry); }
                await PublishAsync(batch);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            ClaimsLog.QueueStopped(_logger);
        }
        _entries.Writer.TryComplete();
        while (_entries.Reader.TryRead(out var left)) { left.Claim.Complete(ClaimOutcome.Refused(ClaimRefusal.Unavailable)); }
    }

    /// <summary>Publishes reservations that have no caller any more, and marks them. True when all of them are marked now.</summary>
    public async Task<bool> PublishAgainAsync(int generation, IReadOnlyList<Reservation> reservations, CancellationToken cancellationToken)
    {
        var keys = new SpreadKeys();
        var records = reservations.Select((reservation, index) => Record(
            keys[index], reservation.Member, reservation.Nth, reservation.Sequence, generation, reservation.KeyHash, reservation.AcceptedAtMs, null)).ToList();
        await _log.ProduceAsync(Topics.CouponClaims, records, cancellationToken);
        var (status, marked) = await _gate.MarkAsync(generation, [.. reservations.Select(reservation => (reservation.Member, reservation.Sequence))]);
        return status == GateStatus.Answered && marked.All(mark => mark);
    }

    private async Task PublishAsync(List<Entry> batch)
    {
        using var trace = ClaimTraces.Send(_log, Topics.CouponClaims.Name, batch, static entry => entry.Claim.TraceParent);
        try
        {
            var keys = new SpreadKeys();
            await ProduceAsync([.. batch.Select((entry, index) => Record(
                keys[index], entry.Claim.Claim.Member, entry.Answer.Nth, entry.Answer.Sequence, entry.Generation, Convert.ToHexStringLower(entry.Claim.FullKeyHash), entry.Answer.AcceptedAtMs,
                trace?.ContextOf(entry.Claim.TraceParent) ?? entry.Claim.TraceParent))]);
            foreach (var generation in batch.GroupBy(entry => entry.Generation)) { await MarkAsync(generation.Key, [.. generation]); }
        }
        catch (Exception exception)
        {
            trace?.Failed(exception);
            ClaimsLog.PublishFailed(_logger, _campaignId, batch.Count, exception);
            foreach (var entry in batch) { entry.Claim.Complete(ClaimOutcome.Refused(ClaimRefusal.Unavailable)); }
        }
    }

    private async Task ProduceAsync(List<LogRecord> records)
    {
        var started = _time.GetTimestamp();
        // Bounded, and cancelled by nothing else: neither a caller who left nor a stop takes a claim back.
        using var limit = new CancellationTokenSource(_options.LogTimeout, _time);
        try
        {
            await _log.ProduceAsync(Topics.CouponClaims, records, limit.Token);
            _metrics.Sent(_log.SystemName, records.Count, _time.GetElapsedTime(started));
        }
        catch (Exception exception)
        {
            _metrics.Sent(_log.SystemName, records.Count, _time.GetElapsedTime(started), exception);
            throw;
        }
    }

    private async Task MarkAsync(int generation, IReadOnlyList<Entry> entries)
    {
        var (_, marked) = await _gate.MarkAsync(generation, [.. entries.Select(entry => (entry.Claim.Claim.Member, entry.Answer.Sequence))]);
        for (var i = 0; i < entries.Count; i++)
        {
            entries[i].Claim.Complete(marked[i] ? ClaimOutcome.Of(entries[i].Answer, loggedNow: true) : ClaimOutcome.Refused(ClaimRefusal.Recovering));
        }
    }

    private LogRecord Record(string key, Guid member, int nth, long sequence, int generation, string keyHash, long acceptedAtMs, string? traceParent) => new(
        key,
        JsonSerializer.SerializeToUtf8Bytes(new ClaimAccepted(_campaignId, member, nth, sequence, generation, keyHash, acceptedAtMs), MessageJson.Default.ClaimAccepted),
        traceParent);

    private readonly record struct Entry(PendingClaim Claim, GateAnswer Answer, int Generation);
}
