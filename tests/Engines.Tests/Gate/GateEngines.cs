using FirstCome.TestKit;
using StackExchange.Redis;

namespace FirstCome.EnginesTests.Gate;

public sealed class GarnetGateTests : GateModelBehaviour
{
    private GarnetServer? _server;

    protected override Task<IConnectionMultiplexer> StartAsync() => (_server = new GarnetServer()).ConnectAsync();

    protected override ValueTask EndAsync()
    {
        _server?.Dispose();
        return ValueTask.CompletedTask;
    }
}

public sealed class RedisGateTests : GateModelBehaviour
{
    private RedisServer? _server;

    protected override async Task<IConnectionMultiplexer> StartAsync()
    {
        _server = await RedisServer.StartAsync();
        return await _server.ConnectAsync();
    }

    protected override ValueTask EndAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
