using System.Net;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace FirstCome.Engines.Redis;

/// <summary>
/// How services speak to Redis, the embedded one too: one multiplexed connection a process, which reconnects by itself. With Redis away commands fail at once instead of
/// queueing, so that callers get their 503 while it is worth something. Scripts go through <see cref="IDatabaseAsync.ScriptEvaluateAsync(string, RedisKey[], RedisValue[], CommandFlags)"/>:
/// it sends the hash (EVALSHA), loads the script into a server that lacks it, and repeats the call by itself after NOSCRIPT.
/// </summary>
public static class RedisConnection
{
    /// <summary>Settings as an installation names them.</summary>
    public static ConfigurationOptions Options(RedisOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        var settings = ConfigurationOptions.Parse(options.Endpoints);
        (settings.User, settings.Password, settings.Ssl) = (options.User, options.Password, options.Tls);
        return Complete(settings);
    }

    /// <summary>Settings for one server without a password, by its address (a Unix socket's too).</summary>
    public static ConfigurationOptions Options(EndPoint endPoint) => Complete(new ConfigurationOptions { EndPoints = { endPoint } });

    /// <summary>
    /// Registers the process's connection by the section <c>Redis</c> (<see cref="RedisOptions"/>), unless one is registered already, and <see cref="Replicas"/>. It is opened at the first use; Redis may be away then.
    /// </summary>
    public static IHostApplicationBuilder AddRedis(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.Any(service => service.ServiceType == typeof(IConnectionMultiplexer)))
        {
            // The embedded engine has no replicas.
            builder.Services.TryAddSingleton(provider => new Replicas(provider.GetRequiredService<IConnectionMultiplexer>(), 0, TimeSpan.Zero, provider.GetRequiredService<ILogger<Replicas>>()));
            return builder;
        }
        builder.Services.AddCheckedOptions<RedisOptions>("Redis");
        builder.Services.AddSingleton<IConnectionMultiplexer>(provider => ConnectionMultiplexer.Connect(Options(provider.GetRequiredService<IOptions<RedisOptions>>().Value)));
        builder.Services.AddSingleton(provider =>
        {
            var options = provider.GetRequiredService<IOptions<RedisOptions>>().Value;
            return new Replicas(provider.GetRequiredService<IConnectionMultiplexer>(), options.Replicas, options.ReplicaTimeout, provider.GetRequiredService<ILogger<Replicas>>());
        });
        return builder;
    }

    private static ConfigurationOptions Complete(ConfigurationOptions options)
    {
        options.AbortOnConnectFail = false;
        options.ConnectTimeout = 2_000;
        options.AsyncTimeout = 2_000;
        options.SyncTimeout = 2_000;
        options.ConnectRetry = 3;
        options.ReconnectRetryPolicy = new ExponentialRetry(100, 2_000);
        // How often servers are asked for their role, besides after each lost connection: a replica may be promoted later than that.
        options.ConfigCheckSeconds = 2;
        options.BacklogPolicy = BacklogPolicy.FailFast;
        options.ClientName = "firstcome";
        return options;
    }
}
