using System.Text;
using Dapper;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.ServiceDefaults;

namespace FirstCome.UserService.Standing;

/// <summary>
/// Publishes the outbox, right after each commit and every two seconds. Rows go only after the log's acknowledgement, in the order of their commits; several
/// instances may publish the same row.
/// </summary>
internal sealed class PublishStandings(Database database, IEventLog log, StandingOutbox outbox, TimeProvider time, ILogger<PublishStandings> logger)
    : BackgroundService, IHealthSignal
{
    private const int BatchMax = 500;
    private static readonly TimeSpan s_sweepInterval = TimeSpan.FromSeconds(2);
    private bool _topicExists;
    private volatile string? _failure;

    public string Name => "member-changes-outbox";

    public HealthState Current => _failure is { } failure ? new(Severity.Degraded, $"changes of members wait to be published: {failure}") : HealthState.Ok;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            var more = await TryPublishAsync(stoppingToken);
            if (more) { continue; }
            using var sweep = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            var waits = new[] { outbox.Committed.WaitToReadAsync(sweep.Token).AsTask(), Task.Delay(s_sweepInterval, time, sweep.Token) };
            await Task.WhenAny(waits);
            await sweep.CancelAsync();
            await Task.WhenAll(waits).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    // True where there may be more at once.
    private async Task<bool> TryPublishAsync(CancellationToken cancellationToken)
    {
        // Taken before reading: what is committed meanwhile announces itself again.
        outbox.Committed.TryRead(out _);
        try
        {
            var count = await PublishAsync(cancellationToken);
            if (_failure is not null) { StandingLog.PublishingAgain(logger); }
            _failure = null;
            return count == BatchMax;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
        catch (Exception exception)
        {
            // Whatever it is, the rows stay and are tried again.
            if (_failure is null) { StandingLog.NotPublished(logger, exception); }
            _failure = exception switch
            {
                LogUnavailableException => "the log is away",
                DatabaseUnavailableException => "the database is away",
                _ => "an unexpected failure",
            };
            await Task.Delay(s_sweepInterval, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            return false;
        }
    }

    private async Task<int> PublishAsync(CancellationToken cancellationToken)
    {
        var rows = await database.ReadAsync(async (connection, token) => (await connection.QueryAsync<Row>(new CommandDefinition(
            "SELECT outbox_id AS OutboxId, member_id AS MemberId, message AS Message FROM standing_outbox ORDER BY outbox_id LIMIT @BatchMax",
            new { BatchMax }, cancellationToken: token))).AsList(), cancellationToken);
        if (rows.Count == 0) { return 0; }
        if (!_topicExists)
        {
            await log.EnsureTopicsAsync([Topics.MemberChanged], cancellationToken);
            _topicExists = true;
        }
        await log.ProduceAsync(Topics.MemberChanged,
            [.. rows.Select(row => new LogRecord(new Guid(row.MemberId, bigEndian: true).ToString(), Encoding.UTF8.GetBytes(row.Message)))], cancellationToken);
        // Deleted one by one, not up to the last id: a transaction that commits later may have a smaller one.
        await database.WriteAsync((connection, transaction, token) =>
            connection.ExecuteAsync(new CommandDefinition("DELETE FROM standing_outbox WHERE outbox_id IN @ids",
                new { ids = rows.Select(row => row.OutboxId) }, transaction, cancellationToken: token)), cancellationToken);
        return rows.Count;
    }

    private sealed class Row
    {
        public long OutboxId { get; set; }
        public byte[] MemberId { get; set; } = [];
        public string Message { get; set; } = "";
    }
}
