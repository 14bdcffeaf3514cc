using FirstCome.TestKit;
using StackExchange.Redis;

namespace FirstCome.EnginesTests.Redis;

public sealed class RedisServerTests : RedisBehaviour
{
    private RedisServer? _server;

    protected override async Task<IConnectionMultiplexer> StartAsync()
    {
        _server = await RedisServer.StartAsync();
        return await _server.ConnectAsync();
    }

    protected override Task StopServerAsync() => _server!.Process.KillAsync();

    protected override Task StartServerAsync() => _server!.RestartAsync();

    protected override ValueTask EndAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
