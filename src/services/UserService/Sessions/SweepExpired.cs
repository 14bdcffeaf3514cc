using System.Data.Common;
using Dapper;
using FirstCome.Engines.Database;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService.Sessions;

/// <summary>
/// Every quarter of an hour deletes what has expired: sessions, counts of failures, one-time codes. All of them are checked when they are used; this is for
/// room, and to keep no trace longer than needed.
/// </summary>
internal sealed class SweepExpired(Database database, IOptions<SignInOptions> options, TimeProvider time, ILogger<SweepExpired> logger) : BackgroundService
{
    private const int BatchMax = 1_000, BatchesMax = 100;
    private static readonly TimeSpan s_interval = TimeSpan.FromMinutes(15);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_interval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try { await SweepAsync(stoppingToken); }
            catch (Exception exception) when (exception is DatabaseUnavailableException or DbException) { SessionsLog.SweepFailed(logger, exception); }
        }
    }

    /// <summary>One sweep.</summary>
    public async Task SweepAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var sessions = await DeleteAsync("session", "session_id", "expires_at <= @before", now, cancellationToken);
        // As long as the window after the last wait; see GuessRules.IsOver.
        var failures = await DeleteAsync("secret_failure", "subject", "window_started_at <= @before AND blocked_until <= @before",
            now - options.Value.FailuresWindow, cancellationToken);
        var codes = await DeleteAsync("password_reset", "member_id", "expires_at <= @before", now, cancellationToken);
        if (sessions + failures + codes > 0) { SessionsLog.Swept(logger, sessions, failures, codes); }
    }

    private async Task<int> DeleteAsync(string table, string key, string condition, DateTimeOffset before, CancellationToken cancellationToken)
    {
        var sum = 0;
        for (var batch = 0; batch < BatchesMax; batch++)
        {
            // Keys first: a server may search the whole table for a subquery of DELETE.
            var keys = await database.ReadAsync(async (connection, token) => (await connection.QueryAsync<byte[]>(new CommandDefinition(
                $"SELECT {key} FROM {table} WHERE {condition} LIMIT {BatchMax}", new { before = before.ToUnixTimeMilliseconds() }, cancellationToken: token))).AsList(), cancellationToken);
            if (keys.Count == 0) { break; }
            sum += await database.WriteAsync((connection, transaction, token) => connection.ExecuteAsync(new CommandDefinition(
                $"DELETE FROM {table} WHERE {key} IN @keys AND {condition}", new { keys, before = before.ToUnixTimeMilliseconds() }, transaction, cancellationToken: token)), cancellationToken);
            if (keys.Count < BatchMax) { break; }
        }
        return sum;
    }
}
