using FirstCome.AllInOne.Engines;
using FirstCome.Engines.Redis;
using StackExchange.Redis;

namespace FirstCome.TestKit;

/// <summary>The embedded Garnet as the product starts it, in a folder of its own.</summary>
public sealed class GarnetServer : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private EmbeddedGarnet _garnet;

    public GarnetServer() => _garnet = EmbeddedGarnet.Start(_folder.FullName);

    /// <summary>A connection with the product's own settings.</summary>
    public async Task<IConnectionMultiplexer> ConnectAsync() => await ConnectionMultiplexer.ConnectAsync(RedisConnection.Options(_garnet.EndPoint));

    /// <summary>Ends it and starts an empty one at the same address.</summary>
    public void Restart()
    {
        _garnet.Dispose();
        _garnet = EmbeddedGarnet.Start(_folder.FullName);
    }

    public void Dispose()
    {
        _garnet.Dispose();
        _folder.Dispose();
    }
}
