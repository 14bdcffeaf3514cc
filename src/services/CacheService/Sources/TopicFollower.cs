using System.Text.Json;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;

namespace FirstCome.CacheService.Sources;

/// <summary>
/// Reads a topic as a broadcast, from the start of the service on. After a failure it goes on from a little before the last record it is sure of, so what it does
/// with a record must bear repetition. A record that cannot be read is told and passed over.
/// </summary>
internal abstract class TopicFollower(Topic topic, IEventLog log, LogHealth health, TimeProvider time, ILogger logger) : BackgroundService
{
    private const int RecordsMax = 1_000;

    // Covers the difference between this clock and the log's.
    private static readonly TimeSpan s_overlap = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_readWait = TimeSpan.FromSeconds(1), s_retryWait = TimeSpan.FromMilliseconds(500);

    protected abstract Task ApplyAsync(ConsumedRecord record, CancellationToken cancellationToken);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var sureUntil = time.GetUtcNow();
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await log.EnsureTopicsAsync([topic], stoppingToken);
                await using var reader = log.Subscribe(new(topic, Group: null, new LogStart.Since(sureUntil - s_overlap)));
                while (true)
                {
                    var records = await reader.ReadAsync(RecordsMax, s_readWait, stoppingToken);
                    foreach (var record in records) { await TakeAsync(record, stoppingToken); }
                    // The log's own time, and never this machine's, which may be ahead: what came while the log was away would be passed over.
                    if (records.Count > 0) { sureUntil = records[^1].Timestamp; }
                    if (health.Tell(topic.Name, away: false)) { CacheLog.TopicIsBack(logger, topic.Name); }
                }
            }
            catch (LogUnavailableException failure)
            {
                if (health.Tell(topic.Name, away: true)) { CacheLog.TopicIsAway(logger, topic.Name, failure.Message); }
                await Task.Delay(s_retryWait, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task TakeAsync(ConsumedRecord record, CancellationToken cancellationToken)
    {
        try
        {
            await ApplyAsync(record, cancellationToken);
        }
        catch (JsonException failure)
        {
            CacheLog.RecordUnreadable(logger, failure, topic.Name, record.Position.Partition, record.Position.Offset);
        }
    }
}
