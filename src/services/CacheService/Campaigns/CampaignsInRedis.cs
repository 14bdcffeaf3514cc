using System.Globalization;
using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace FirstCome.CacheService.Campaigns;

/// <summary>A campaign and when CouponService last confirmed that it stands so.</summary>
internal sealed record HeldCampaign(Campaign Campaign, DateTimeOffset ConfirmedAt);

/// <summary>
/// The layer that instances share.
/// <code>
/// cache:{campaign-id}   hash, expires after Cache:StaleFor       (the braces are the cluster's hash tag)
///   version             the campaign's version
///   confirmedAt         Unix milliseconds
///   campaign            the campaign as JSON, as services send it to each other
/// </code>
/// It may be emptied at any time. When Redis fails it is left alone for a moment, so that nobody waits for it twice.
/// </summary>
internal sealed class CampaignsInRedis(
    IConnectionMultiplexer redis, IOptions<CacheOptions> options, RedisHealth health, CacheMetrics metrics, TimeProvider time, ILogger<CampaignsInRedis> logger)
{
    // An older version does not overwrite a newer one, unless that has had no word from its source for as long as it may (a database restored from its backup counts from an older version).
    private const string Keep = """
        local held = redis.call('HMGET', KEYS[1], 'version', 'confirmedAt')
        if held[1] and held[2] then
          local newer = tonumber(held[1]) > tonumber(ARGV[1]) and tonumber(ARGV[2]) - tonumber(held[2]) < tonumber(ARGV[4])
          local later = tonumber(held[1]) == tonumber(ARGV[1]) and tonumber(held[2]) >= tonumber(ARGV[2])
          if newer or later then return 0 end
        end
        redis.call('HSET', KEYS[1], 'version', ARGV[1], 'confirmedAt', ARGV[2], 'campaign', ARGV[3])
        redis.call('PEXPIRE', KEYS[1], ARGV[5])
        return 1
        """;

    private static readonly RedisValue[] s_fields = ["confirmedAt", "campaign"];
    private long _restUntilTicks;

    public async Task<HeldCampaign?> ReadAsync(Guid id)
    {
        var held = await AskAsync(async database =>
        {
            var values = await database.HashGetAsync(Key(id), s_fields);
            return values[0].TryParse(out long confirmedAt) && values[1].HasValue
                && JsonSerializer.Deserialize((byte[])values[1]!, MessageJson.Default.Campaign) is { } campaign && campaign.Id == id
                    ? new HeldCampaign(campaign, DateTimeOffset.FromUnixTimeMilliseconds(confirmedAt))
                    : null;
        });
        return held;
    }

    public Task WriteAsync(HeldCampaign held) => AskAsync(async database => (object?)await database.ScriptEvaluateAsync(
        Keep,
        [Key(held.Campaign.Id)],
        [
            held.Campaign.Version,
            held.ConfirmedAt.ToUnixTimeMilliseconds(),
            JsonSerializer.SerializeToUtf8Bytes(held.Campaign, MessageJson.Default.Campaign),
            (long)options.Value.FreshFor.TotalMilliseconds,
            (long)options.Value.StaleFor.TotalMilliseconds,
        ]));

    private static RedisKey Key(Guid id) => string.Create(CultureInfo.InvariantCulture, $"cache:{{{id}}}");

    private async Task<T?> AskAsync<T>(Func<IDatabase, Task<T?>> ask) where T : class
    {
        if (time.GetUtcNow().UtcTicks < Interlocked.Read(ref _restUntilTicks)) { return null; }
        try
        {
            var answer = await ask(redis.GetDatabase()).WaitAsync(options.Value.RedisTimeout, time);
            if (health.Tell(away: false)) { CacheLog.RedisIsBack(logger); }
            return answer;
        }
        catch (Exception failure) when (failure is RedisException or TimeoutException or JsonException)
        {
            Interlocked.Exchange(ref _restUntilTicks, (time.GetUtcNow() + options.Value.RedisTimeout).UtcTicks);
            metrics.Lookup("campaign", CacheLayer.Redis, CacheResult.Error);
            if (health.Tell(away: true)) { CacheLog.RedisIsAway(logger, failure.Message); }
            return null;
        }
    }
}
