using System.Text.Json;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FirstCome.Authentication;

/// <summary>
/// Reads <c>member.changed</c> as a broadcast: at start everything of the last 70 minutes, before the service answers (it waits 5 s at most), then each change as it comes. With the log away it tries
/// again and says so in <c>/health</c>; tokens live ten minutes at most meanwhile.
/// </summary>
internal sealed class FollowMemberChanges(IEventLog log, MemberStandings standings, TimeProvider time, ILogger<FollowMemberChanges> logger) : IHostedService, IHealthSignal, IAsyncDisposable
{
    private const int RecordsMax = 500;
    private static readonly TimeSpan s_startWait = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan s_readWait = TimeSpan.FromSeconds(1);
    // An empty answer counts as the end; long enough for a broker's first answer, short enough not to be felt at each start.
    private static readonly TimeSpan s_catchUpWait = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan s_retryWait = TimeSpan.FromMilliseconds(500);
    private readonly CancellationTokenSource _stopping = new();
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Task _following = Task.CompletedTask;
    private volatile bool _away;
    private bool _disposed;

    public string Name => "member-changes";

    public HealthState Current => _away ? new(Severity.Degraded, "the log is away: locked accounts are refused when their tokens expire")
        : _caughtUp.Task.IsCompleted ? HealthState.Ok : new(Severity.Degraded, "still reading earlier changes");

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        _following = Task.Run(() => FollowAsync(_stopping.Token), CancellationToken.None);
        try { await _caughtUp.Task.WaitAsync(s_startWait, time, cancellationToken); }
        catch (TimeoutException) { AuthenticationLog.StandingsLate(logger, s_startWait); }
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _following.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    // The container knows this under three types and disposes it once for each.
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, true)) { return; }
        await _stopping.CancelAsync();
        await _following.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stopping.Dispose();
    }

    private async Task FollowAsync(CancellationToken stopping)
    {
        while (!stopping.IsCancellationRequested)
        {
            try
            {
                await ReadAllAsync(stopping);
            }
            catch (OperationCanceledException) when (stopping.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception)
            {
                if (!_away) { AuthenticationLog.MemberChangesAway(logger, exception); }
                _away = true;
                await Task.Delay(s_retryWait, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task ReadAllAsync(CancellationToken stopping)
    {
        await log.EnsureTopicsAsync([Topics.MemberChanged], stopping);
        var ends = await log.EndOffsetsAsync(Topics.MemberChanged, stopping);
        // A change that came while the reader was away is read again from the start: changes carry the whole standing, so replays do no harm.
        await using var reader = log.Subscribe(new LogSubscription(Topics.MemberChanged, null, new LogStart.Since(time.GetUtcNow() - MemberStandings.Kept)));
        var reached = new Dictionary<int, long>();
        if (ends.All(end => end == 0)) { _caughtUp.TrySetResult(); }
        while (true)
        {
            var records = await reader.ReadAsync(RecordsMax, _caughtUp.Task.IsCompleted ? s_readWait : s_catchUpWait, stopping);
            foreach (var record in records)
            {
                Apply(record);
                reached[record.Position.Partition] = record.Position.Offset + 1;
            }
            _away = false;
            if (_caughtUp.Task.IsCompleted) { continue; }
            // An empty answer is the end as well: what stands before the first record read may be older than 70 minutes.
            if (records.Count == 0 || Enumerable.Range(0, ends.Count).All(partition => reached.GetValueOrDefault(partition) >= ends[partition])) { _caughtUp.TrySetResult(); }
        }
    }

    private void Apply(ConsumedRecord record)
    {
        try
        {
            if (JsonSerializer.Deserialize(record.Value.Span, MessageJson.Default.MemberChanged) is { } change) { standings.Apply(change, time.GetUtcNow()); }
        }
        catch (Exception exception) when (exception is JsonException or NotSupportedException)
        {
            AuthenticationLog.MemberChangeUnreadable(logger, record.Position.Partition, record.Position.Offset);
        }
    }
}
