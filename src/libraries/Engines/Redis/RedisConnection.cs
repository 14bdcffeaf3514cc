using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using StackExchange.Redis;

namespace FirstCome.Engines.Redis;

/// <summary>
/// How services speak to Redis, the embedded one too: one multiplexed connection a process, which reconnects by itself. With Redis away commands fail at once instead of
/// queueing, so that callers get their 503 while it is worth something. Scripts go through <see cref="IDatabaseAsync.ScriptEvaluateAsync(string, RedisKey[], RedisValue[], CommandFlags)"/>:
/// it sends the hash (EVALSHA), loads the script into a server that lacks it, and repeats the call by itself after NOSCRIPT.
/// </summary>
public static class RedisConnection
{
    /// <summary>Settings from <c>host:port[,host:port…][,user=…][,password=…][,ssl=true]</c>; timeouts stand here and not in the text.</summary>
    public static ConfigurationOptions Options(string endpoints) => Complete(ConfigurationOptions.Parse(endpoints));

    /// <summary>Settings for one server without a password, by its address (a Unix socket's too).</summary>
    public static ConfigurationOptions Options(EndPoint endPoint) => Complete(new ConfigurationOptions { EndPoints = { endPoint } });

    /// <summary>Registers the process's connection, unless one is registered already. It is opened at the first use; Redis may be away then.</summary>
    public static IServiceCollection AddRedis(this IServiceCollection services, ConfigurationOptions options)
    {
        services.TryAddSingleton<IConnectionMultiplexer>(_ => ConnectionMultiplexer.Connect(options));
        return services;
    }

    private static ConfigurationOptions Complete(ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.ConnectTimeout = 2_000;
        options.AsyncTimeout = 2_000;
        options.SyncTimeout = 2_000;
        options.ConnectRetry = 3;
        options.ReconnectRetryPolicy = new ExponentialRetry(100, 2_000);
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ClientName = "firstcome";
        return options;
    }
}
