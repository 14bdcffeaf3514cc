using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace FirstCome.TestKit;

/// <summary>
/// The network between two programs on the loopback, which a test may cut or slow: listens on a port of its own and hands on what comes. Where the target refuses, its callers are reset.
/// </summary>
public sealed class NetworkProxy : IAsyncDisposable
{
    // Up to 1 MB on its way in each direction of a connection; beyond that the sender waits, as at a full socket.
    private const int ChunkBytes = 64 * 1024, ChunksMax = 16, ConnectionsMax = 2_000;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Func<int> _target;
    private readonly CancellationTokenSource _ending = new();
    private readonly List<Task> _connections = [];
    private readonly Task _accepting;
    private volatile TaskCompletionSource? _cut;
    private long _delayTicks;

    private NetworkProxy(Func<int> target)
    {
        _target = target;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    /// <summary>Listens at once.</summary>
    /// <param name="target">The target's port on the loopback, asked for at each connection.</param>
    public static NetworkProxy Start(Func<int> target) => new(target);

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>host:port.</summary>
    public string Address => _listener.LocalEndpoint.ToString()!;

    /// <summary>Every packet is lost until <see cref="Restore"/>: connections stand still, and the end of none is seen; new ones get no answer. What was sent arrives late.</summary>
    public void Cut() => _cut ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whatever is sent from now on, in either direction, arrives so much later.</summary>
    public void Slow(TimeSpan delay) => Volatile.Write(ref _delayTicks, delay.Ticks);

    /// <summary>The network is whole and fast again.</summary>
    public void Restore()
    {
        Slow(TimeSpan.Zero);
        Interlocked.Exchange(ref _cut, null)?.TrySetResult();
    }

    public async ValueTask DisposeAsync()
    {
        await _ending.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_connections);
        _ending.Dispose();
    }

    private async Task AcceptAsync()
    {
        using var places = new SemaphoreSlim(ConnectionsMax);
        try
        {
            while (true)
            {
                await places.WaitAsync(_ending.Token);
                var client = await _listener.AcceptSocketAsync(_ending.Token);
                _connections.RemoveAll(connection => connection.IsCompleted);
                _connections.Add(ServeAsync(client, places));
            }
        }
        catch (OperationCanceledException) when (_ending.IsCancellationRequested)
        {
            // They give their places back before these are gone.
            await Task.WhenAll(_connections);
        }
    }

    private async Task ServeAsync(Socket client, SemaphoreSlim places)
    {
        using var target = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var broken = CancellationTokenSource.CreateLinkedTokenSource(_ending.Token);
        try
        {
            (client.NoDelay, target.NoDelay) = (true, true);
            await WholeAsync();
            await target.ConnectAsync(IPAddress.Loopback, _target(), broken.Token);
            await Task.WhenAll(HandOnAsync(client, target, broken), HandOnAsync(target, client, broken));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException)
        {
            // Not closed in order, so that neither side takes it for an end.
            client.LingerState = target.LingerState = new LingerOption(true, 0);
        }
        finally
        {
            client.Dispose();
            places.Release();
        }
    }

    // One direction; when it breaks, the other one must not wait for what never comes.
    private async Task HandOnAsync(Socket from, Socket to, CancellationTokenSource broken)
    {
        var chunks = Channel.CreateBounded<(long SentAt, byte[] Bytes)>(new BoundedChannelOptions(ChunksMax) { SingleReader = true, SingleWriter = true });
        await Task.WhenAll(UntilBrokenAsync(ReceiveAsync(from, chunks.Writer, broken.Token), broken), UntilBrokenAsync(SendAsync(chunks.Reader, to, broken.Token), broken));
    }

    private async Task UntilBrokenAsync(Task work, CancellationTokenSource broken)
    {
        try { await work; }
        catch
        {
            // A reset is a packet too.
            await WholeAsync();
            await broken.CancelAsync();
            throw;
        }
    }

    private static async Task ReceiveAsync(Socket from, ChannelWriter<(long SentAt, byte[] Bytes)> chunks, CancellationToken cancellationToken)
    {
        var buffer = new byte[ChunkBytes];
        int count;
        while ((count = await from.ReceiveAsync(buffer, cancellationToken)) > 0)
        {
            await chunks.WriteAsync((Stopwatch.GetTimestamp(), buffer[..count]), cancellationToken);
        }
        chunks.Complete();
    }

    private async Task SendAsync(ChannelReader<(long SentAt, byte[] Bytes)> chunks, Socket to, CancellationToken cancellationToken)
    {
        await foreach (var (sentAt, bytes) in chunks.ReadAllAsync(cancellationToken))
        {
            var left = TimeSpan.FromTicks(Volatile.Read(ref _delayTicks)) - Stopwatch.GetElapsedTime(sentAt);
            if (left > TimeSpan.Zero) { await Task.Delay(left, cancellationToken); }
            await WholeAsync();
            for (var at = 0; at < bytes.Length;) { at += await to.SendAsync(bytes.AsMemory(at), cancellationToken); }
        }
        await WholeAsync();
        to.Shutdown(SocketShutdown.Send);
    }

    private async Task WholeAsync()
    {
        while (_cut is { } cut) { await cut.Task.WaitAsync(_ending.Token); }
    }
}
