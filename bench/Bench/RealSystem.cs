using FirstCome.TestKit;

namespace FirstCome.Bench;

/// <summary>Each service a process, on engines as they are deployed.</summary>
internal sealed class RealSystem : IAsyncDisposable
{
    private static readonly TimeSpan s_restart = TimeSpan.FromSeconds(1);

    private readonly TemporaryFolder _folder = new();
    private readonly List<IAsyncDisposable> _engines = [];
    private ServicesProcess? _services;

    public string Data => _folder.File("system");

    public Uri Url => _services?.Gateway ?? throw new InvalidOperationException("The system was not started.");

    public async Task StartAsync()
    {
        var redis = await RedisServer.StartAsync("--appendonly", "yes", "--appendfsync", "everysec");
        var kafka = await KafkaBroker.StartAsync();
        DatabaseServer database = MySqlServer.IsThere ? await MySqlServer.StartAsync() : await MariaDbServer.StartAsync();
        _engines.AddRange([redis, kafka, database]);
        Console.WriteLine($"on Redis, Kafka and {(MySqlServer.IsThere ? "MySQL" : "MariaDB")}");
        _services = new ServicesProcess(Data, redis.EndPoint.ToString(), kafka.Address, database.Port, "", s_restart, _folder.File("services.log"));
        await _services.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_services is not null) { await _services.DisposeAsync(); }
        foreach (var engine in _engines) { await engine.DisposeAsync(); }
        _folder.Dispose();
    }
}
