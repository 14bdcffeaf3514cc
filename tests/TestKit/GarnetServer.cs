using FirstCome.AllInOne.Engines;
using FirstCome.Engines.Redis;
using StackExchange.Redis;

namespace FirstCome.TestKit;

/// <summary>The embedded Garnet as the product starts it, in a folder of its own.</summary>
public sealed class GarnetServer : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly string _memory;
    private EmbeddedGarnet? _garnet;

    public GarnetServer(string memory = "512m")
    {
        _memory = memory;
        Start();
    }

    /// <summary>A connection with the product's own settings.</summary>
    public async Task<IConnectionMultiplexer> ConnectAsync() =>
        await ConnectionMultiplexer.ConnectAsync(RedisConnection.Options(_garnet?.EndPoint ?? throw new InvalidOperationException("The server does not run.")));

    /// <summary>Starts it, empty, at the same address as before.</summary>
    public void Start() => _garnet ??= EmbeddedGarnet.Start(_folder.FullName, _memory);

    public void Stop()
    {
        _garnet?.Dispose();
        _garnet = null;
    }

    public void Dispose()
    {
        Stop();
        _folder.Dispose();
    }
}
