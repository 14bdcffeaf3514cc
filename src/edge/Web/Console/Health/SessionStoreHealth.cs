using FirstCome.ServiceDefaults;
using StackExchange.Redis;

namespace FirstCome.Web.Console.Health;

/// <summary>
/// Asks Redis every few seconds whether it is there. The console's sessions stand in it: without it nobody signs in and open pages get no answers. Members' pages need none, so it degrades and never fails.
/// </summary>
internal sealed class SessionStoreHealth(IServiceProvider services, TimeProvider time, ILogger<SessionStoreHealth> logger) : BackgroundService, IHealthSignal
{
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(5);
    private static readonly HealthState s_away = new(Severity.Degraded, "Redis does not answer; nobody can use the console");
    private volatile HealthState _state = HealthState.Ok;

    string IHealthSignal.Name => "redis";

    HealthState IHealthSignal.Current => _state;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_every, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            var isThere = await IsThereAsync();
            if (isThere != (_state == HealthState.Ok)) { SessionStoreLog.Seen(logger, isThere); }
            _state = isThere ? HealthState.Ok : s_away;
        }
    }

    private async Task<bool> IsThereAsync()
    {
        try
        {
            // The connection is made with the first use, which waits for Redis: neither the service's start nor an early end shall.
            await services.GetRequiredService<IConnectionMultiplexer>().GetDatabase().PingAsync();
            return true;
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException)
        {
            SessionStoreLog.NotAsked(logger, failure.Message);
            return false;
        }
    }
}

internal static partial class SessionStoreLog
{
    [LoggerMessage(1, LogLevel.Warning, "session-store-seen {IsThere}")]
    public static partial void Seen(ILogger logger, bool isThere);

    [LoggerMessage(2, LogLevel.Debug, "session-store-not-asked {Reason}")]
    public static partial void NotAsked(ILogger logger, string reason);
}
