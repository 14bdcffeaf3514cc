using FirstCome.Authentication;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Database;
using FirstCome.Engines.Log;
using FirstCome.Engines.Redis;
using StackExchange.Redis;

namespace FirstCome.AllInOne.Engines;

/// <summary>The engines of one process, shared by its services: the log, Redis, a database for each owner.</summary>
internal sealed class EmbeddedEngines : IAsyncDisposable
{
    private readonly EmbeddedGarnet _garnet;
    private readonly IConnectionMultiplexer _redis;
    private readonly EmbeddedLog _log;
    private readonly Database _users, _coupons, _ledger;
    private readonly TokenCache _tokens = new();

    private EmbeddedEngines(EmbeddedGarnet garnet, IConnectionMultiplexer redis, EmbeddedLog log, Func<string, Database> database)
    {
        _garnet = garnet;
        _redis = redis;
        _log = log;
        _users = database("users.db");
        _coupons = database("coupons.db");
        _ledger = database("ledger.db");
    }

    /// <summary>Starts all of them with what they keep in the data folder.</summary>
    public static async Task<EmbeddedEngines> StartAsync(Data.DataFolder data, ILoggerFactory loggers, CancellationToken cancellationToken)
    {
        var log = new EmbeddedLog(new EmbeddedLogOptions { File = data.Full("log.db") }, TimeProvider.System, loggers.CreateLogger<EmbeddedLog>());
        var topics = log.EnsureTopicsAsync(Topics.All, cancellationToken);
        var garnet = await Task.Run(() => EmbeddedGarnet.Start(data.Folder("redis")), cancellationToken);
        var redis = await ConnectionMultiplexer.ConnectAsync(RedisConnection.Options(garnet.EndPoint));
        await topics;
        return new EmbeddedEngines(garnet, redis, log, name => Database.Sqlite(data.Full(name), TimeProvider.System, loggers.CreateLogger<Database>()));
    }

    /// <summary>Registers the engines of one service.</summary>
    public void Register(IServiceCollection services, string service)
    {
        services.AddSingleton<IEventLog>(_log);
        services.AddSingleton(_redis);
        services.AddSingleton(_tokens);
        if (OwnDatabase(service) is { } database) { services.AddSingleton(database); }
    }

    /// <summary>Ends the log once what it has taken is on disk, then Redis.</summary>
    public async ValueTask DisposeAsync()
    {
        await _log.DisposeAsync();
        await _users.DisposeAsync();
        await _coupons.DisposeAsync();
        await _ledger.DisposeAsync();
        await _redis.DisposeAsync();
        _garnet.Dispose();
    }

    private Database? OwnDatabase(string service) => service switch
    {
        "user-service" => _users,
        "coupon-service" => _coupons,
        // The two halves of one owner.
        "issue-service" or "issue-worker" => _ledger,
        _ => null,
    };
}
