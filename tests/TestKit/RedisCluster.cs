using System.Globalization;
using FirstCome.Engines.Redis;
using StackExchange.Redis;

namespace FirstCome.TestKit;

/// <summary>A Redis Cluster of three masters, each a real server.</summary>
public sealed class RedisCluster : IAsyncDisposable
{
    private const int Masters = 3, Slots = 16_384, KeysAtOnce = 100;
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(30);

    private readonly List<RedisServer> _servers = [];
    private IConnectionMultiplexer? _admin;

    /// <summary>Starts the servers and makes them one cluster, or skips the test where Redis is not installed.</summary>
    public static async Task<RedisCluster> StartAsync()
    {
        var cluster = new RedisCluster();
        for (var i = 0; i < Masters; i++) { cluster._servers.Add(await RedisServer.StartNodeAsync()); }
        await using (var connections = new Connections())
        {
            for (var i = 0; i < Masters; i++)
            {
                var server = await connections.ToAsync(cluster._servers[i]);
                await server.ExecuteAsync("CLUSTER", "SET-CONFIG-EPOCH", i + 1);
                await server.ExecuteAsync("CLUSTER", "ADDSLOTSRANGE", Slots * i / Masters, (Slots * (i + 1) / Masters) - 1);
                if (i > 0) { await server.ExecuteAsync("CLUSTER", "MEET", "127.0.0.1", cluster._servers[0].EndPoint.Port, cluster._servers[0].ClusterPort); }
            }
            await Eventually.TrueAsync(async () =>
            {
                foreach (var each in cluster._servers)
                {
                    var info = (string)(await (await connections.ToAsync(each)).ExecuteAsync("CLUSTER", "INFO"))!;
                    if (!info.Contains("cluster_state:ok", StringComparison.Ordinal) || !info.Contains($"cluster_known_nodes:{Masters}", StringComparison.Ordinal)) { return false; }
                }
                return true;
            }, s_readyMax, "the cluster is whole");
        }
        cluster._admin = await cluster.ConnectAsync();
        return cluster;
    }

    /// <summary>A connection with the product's own settings.</summary>
    public async Task<IConnectionMultiplexer> ConnectAsync() =>
        await ConnectionMultiplexer.ConnectAsync(RedisConnection.Options(new RedisOptions { Endpoints = string.Join(",", _servers.Select(server => server.EndPoint)) }));

    /// <summary>Moves a key's slot to another master, key by key, as an operator's resharding does.</summary>
    public async Task MoveSlotOfAsync(RedisKey key)
    {
        await using var connections = new Connections();
        var slot = _admin!.GetHashSlot(key);
        var source = Enumerable.Range(0, Masters).First(i => slot < Slots * (i + 1) / Masters);
        var (from, to) = (await connections.ToAsync(_servers[source]), await connections.ToAsync(_servers[(source + 1) % Masters]));
        var (fromId, toId) = ((string)(await from.ExecuteAsync("CLUSTER", "MYID"))!, (string)(await to.ExecuteAsync("CLUSTER", "MYID"))!);
        await to.ExecuteAsync("CLUSTER", "SETSLOT", slot, "IMPORTING", fromId);
        await from.ExecuteAsync("CLUSTER", "SETSLOT", slot, "MIGRATING", toId);
        var port = _servers[(source + 1) % Masters].EndPoint.Port.ToString(CultureInfo.InvariantCulture);
        while ((RedisResult[])(await from.ExecuteAsync("CLUSTER", "GETKEYSINSLOT", slot, KeysAtOnce))! is { Length: > 0 } keys)
        {
            await from.ExecuteAsync("MIGRATE", ["127.0.0.1", port, "", 0, 5_000, "KEYS", .. keys.Select(each => (object)(string)each!)]);
        }
        foreach (var server in _servers) { await (await connections.ToAsync(server)).ExecuteAsync("CLUSTER", "SETSLOT", slot, "NODE", toId); }
    }

    public async ValueTask DisposeAsync()
    {
        if (_admin is not null) { await _admin.DisposeAsync(); }
        foreach (var server in _servers) { await server.DisposeAsync(); }
    }

    /// <summary>A connection to each server for itself: what is said of a server is said to that server.</summary>
    private sealed class Connections : IAsyncDisposable
    {
        private readonly Dictionary<RedisServer, IConnectionMultiplexer> _connections = [];

        public async Task<IServer> ToAsync(RedisServer server)
        {
            if (!_connections.TryGetValue(server, out var connection))
            {
                connection = _connections[server] = await ConnectionMultiplexer.ConnectAsync(new ConfigurationOptions { EndPoints = { server.EndPoint }, AllowAdmin = true });
            }
            return connection.GetServer(server.EndPoint);
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var connection in _connections.Values) { await connection.DisposeAsync(); }
        }
    }
}
