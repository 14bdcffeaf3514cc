using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace FirstCome.TestKit;

/// <summary>Ports that nobody uses at the moment, below the range from which the system gives out ports by itself.</summary>
public static class FreePorts
{
    private const int First = 20_000, Last = 32_000, Attempts = 1_000;
    private static readonly Lock s_lock = new();
    // No port twice in one run, as long as there are others: the one who asked before may not have bound it yet.
    private static readonly HashSet<int> s_given = [];

    /// <summary>The first of <paramref name="count"/> neighbouring free ports on the loopback. <c>FIRSTCOME_TEST_PORTS=21000-21999</c> keeps to a range.</summary>
    public static int Block(int count)
    {
        var (first, last) = Range();
        lock (s_lock)
        {
            for (var attempt = 0; attempt < Attempts; attempt++)
            {
                var port = Random.Shared.Next(first, last - count + 2);
                var block = Enumerable.Range(port, count).ToArray();
                if ((attempt < Attempts / 2 && block.Any(s_given.Contains)) || !block.All(IsFree)) { continue; }
                s_given.UnionWith(block);
                return port;
            }
        }
        throw new InvalidOperationException($"No {count} neighbouring free ports between {first} and {last}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException) { return false; }
    }

    private static (int First, int Last) Range()
    {
        var parts = Environment.GetEnvironmentVariable("FIRSTCOME_TEST_PORTS")?.Split('-');
        return parts is [var first, var last] ? (int.Parse(first, CultureInfo.InvariantCulture), int.Parse(last, CultureInfo.InvariantCulture)) : (First, Last);
    }
}
