using System.Net.Sockets;
using System.Runtime.Versioning;
using FirstCome.TestKit;
using StackExchange.Redis;
using Xunit;

namespace FirstCome.EnginesTests.Redis;

public sealed class GarnetTests : RedisBehaviour
{
    private GarnetServer? _server;

    protected override Task<IConnectionMultiplexer> StartAsync()
    {
        _server = new GarnetServer();
        return _server.ConnectAsync();
    }

    protected override Task StopServerAsync()
    {
        _server!.Stop();
        return Task.CompletedTask;
    }

    protected override Task StartServerAsync()
    {
        _server!.Start();
        return Task.CompletedTask;
    }

    protected override ValueTask EndAsync()
    {
        _server?.Dispose();
        return ValueTask.CompletedTask;
    }

    [Fact]
    [UnsupportedOSPlatform("windows")]
    public void Only_its_user_may_open_its_socket()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows has no file modes");
        var socket = Assert.IsType<UnixDomainSocketEndPoint>(Assert.Single(Connection.GetEndPoints()));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(socket.ToString()));
    }

    [Fact]
    public async Task More_than_memory_holds_is_not_lost()
    {
        using var small = new GarnetServer("16m");
        await using var connection = await small.ConnectAsync();
        var database = connection.GetDatabase();
        var value = new byte[1_000];
        for (var block = 0; block < 60; block++)
        {
            await Task.WhenAll(Enumerable.Range(block * 1_000, 1_000).Select(i => database.StringSetAsync($"k{i}", value)));
        }
        for (var i = 0; i < 60_000; i += 499) { Assert.Equal(1_000, await database.StringLengthAsync($"k{i}")); }
    }
}
