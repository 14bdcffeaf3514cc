using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.FaultsTests;

/// <summary>What the faults are made with does what it says: a cut that cuts nothing would let every fault pass.</summary>
public sealed class MeansTests
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10), s_delay = TimeSpan.FromSeconds(1), s_silence = TimeSpan.FromMilliseconds(300);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_network_is_cut_and_slowed_and_whole_again_and_loses_nothing()
    {
        using var target = new TcpListener(IPAddress.Loopback, 0);
        target.Start();
        await using var network = NetworkProxy.Start(() => ((IPEndPoint)target.LocalEndpoint).Port);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, network.Port, Cancel);
        using var server = await target.AcceptTcpClientAsync(Cancel);
        var (near, far) = (client.GetStream(), server.GetStream());

        Assert.InRange(await SentAsync(near, far, 1), TimeSpan.Zero, s_delay);
        network.Slow(s_delay);
        Assert.InRange(await SentAsync(near, far, 2), s_delay * 0.9, s_limit);
        Assert.InRange(await SentAsync(far, near, 3), s_delay * 0.9, s_limit);

        network.Restore();
        network.Cut();
        var late = SentAsync(near, far, 4);
        await Assert.ThrowsAsync<TimeoutException>(() => late.WaitAsync(s_silence, Cancel));
        network.Restore();
        Assert.InRange(await late.WaitAsync(s_limit, Cancel), s_silence * 0.9, s_limit);
    }

    // How long the byte was on its way.
    private static async Task<TimeSpan> SentAsync(NetworkStream from, NetworkStream to, byte value)
    {
        var started = Stopwatch.GetTimestamp();
        await from.WriteAsync(new[] { value }, Cancel);
        var read = new byte[1];
        await to.ReadExactlyAsync(read, Cancel);
        Assert.Equal(value, read[0]);
        return Stopwatch.GetElapsedTime(started);
    }
}
