using System.Globalization;
using Microsoft.Extensions.Logging;
using StackExchange.Redis;

namespace FirstCome.Engines.Redis;

/// <summary>
/// Asks whether enough replicas have what was just written. A master that was cut off while a replica was promoted in its place goes on answering; only what a replica has confirmed
/// is known to be written where the others look.
/// </summary>
/// <param name="count">How many must confirm; none: nothing is asked.</param>
/// <param name="timeout">For how long they are waited for.</param>
public sealed partial class Replicas(IConnectionMultiplexer redis, int count, TimeSpan timeout, ILogger<Replicas> logger)
{
    /// <summary>Whether anything need be asked.</summary>
    public bool Asked => count > 0;

    /// <summary>
    /// Whether the shard of <paramref name="key"/> has every write of this process so far on enough replicas. A write to <paramref name="key"/> goes before the question, since it answers for the
    /// connection's own writes only.
    /// </summary>
    /// <exception cref="RedisException">The server is away.</exception>
    public async Task<bool> HaveAsync(RedisKey key, Func<IDatabase, Task> write)
    {
        ArgumentNullException.ThrowIfNull(write);
        if (count == 0) { return true; }
        var written = write(redis.GetDatabase());
        // On the same multiplexed connection, behind the write: no answer to it is needed first.
        var confirmed = redis.GetServer(key).ExecuteAsync("WAIT", count.ToString(CultureInfo.InvariantCulture), ((long)timeout.TotalMilliseconds).ToString(CultureInfo.InvariantCulture));
        await written.ConfigureAwait(false);
        var have = (int)await confirmed.ConfigureAwait(false);
        if (have < count) { TooFew(logger, have, count, timeout); }
        return have >= count;
    }

    [LoggerMessage(1, LogLevel.Warning, "Only {Have} of {Count} replicas confirmed within {Timeout}; claims are told 503 until they do")]
    private static partial void TooFew(ILogger logger, int have, int count, TimeSpan timeout);
}
