using System.Net;

namespace FirstCome.WireTests.Eureka.Peers;

/// <summary>What a client does: registers, renews, registers again where it is told to. It can move to another server.</summary>
internal sealed class LiveInstance : IAsyncDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(300);

    private readonly CancellationTokenSource _ending = new();
    private readonly long _dirtyTimestamp;
    private readonly Task _renewing;
    private volatile ServerProcess _server;

    private LiveInstance(string id, ServerProcess server, long dirtyTimestamp)
    {
        (Id, _server, _dirtyTimestamp) = (id, server, dirtyTimestamp);
        _renewing = RenewAsync();
    }

    public string Id { get; }

    public static async Task<LiveInstance> StartAsync(string id, ServerProcess server, long dirtyTimestamp = 1)
    {
        await server.RegisterAsync(id, dirtyTimestamp);
        return new(id, server, dirtyTimestamp);
    }

    public void MoveTo(ServerProcess server) => _server = server;

    /// <summary>Stops without a word.</summary>
    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        await _renewing;
        _ending.Dispose();
    }

    /// <summary>Leaves in order.</summary>
    public async Task LeaveAsync()
    {
        await DisposeAsync();
        await _server.SendAsync(HttpMethod.Delete, Id);
    }

    private async Task RenewAsync()
    {
        using var timer = new PeriodicTimer(Interval);
        while (!_ending.IsCancellationRequested)
        {
            try
            {
                await timer.WaitForNextTickAsync(_ending.Token);
                var status = await _server.SendAsync(HttpMethod.Put, $"{Id}?status=UP&lastDirtyTimestamp={_dirtyTimestamp}");
                if (status == HttpStatusCode.NotFound) await _server.RegisterAsync(Id, _dirtyTimestamp);
            }
            catch (Exception failure) when (failure is OperationCanceledException or HttpRequestException)
            {
                // The server is being killed, or the test ends; a client would go on, too.
            }
        }
    }
}
