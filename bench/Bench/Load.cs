using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace FirstCome.Bench;

/// <summary>What a load showed.</summary>
internal sealed record LoadResult(int Requests, TimeSpan Took, TimeSpan GeneratorCpu, IReadOnlyDictionary<int, int> Statuses, int BodyBytes)
{
    public double PerSecond => Requests / Took.TotalSeconds;

    public override string ToString() => string.Create(
        CultureInfo.InvariantCulture,
        $"{PerSecond,8:0}/s  {Requests} requests in {Took.TotalSeconds:0.00} s, statuses {string.Join(" ", Statuses.OrderBy(status => status.Key).Select(status => $"{status.Key}:{status.Value}"))}, generator {GeneratorCpu.TotalSeconds / Took.TotalSeconds:0.00} cores");
}

/// <summary>A load generator of plain sockets: each connection sends a prepared request and reads its answer whole before the next; no HTTP client takes the system's share of the cores.</summary>
internal static class Load
{
    public static byte[] Claim(string path, string host, string token) => Encoding.ASCII.GetBytes($"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\nContent-Length: 0\r\n\r\n");

    /// <param name="answerBytesMax">The longest answer, with its headers.</param>
    public static async Task<LoadResult> RunAsync(int port, IReadOnlyList<byte[]> requests, int connections, int answerBytesMax = 16 * 1024)
    {
        var next = -1;
        var statuses = new Dictionary<int, int>();
        var body = 0;
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;
        var started = Stopwatch.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, connections).Select(_ => Task.Run(async () =>
        {
            using var connection = new Connection(port, answerBytesMax);
            await connection.OpenAsync();
            var mine = new Dictionary<int, int>();
            var last = 0;
            for (int index; (index = Interlocked.Increment(ref next)) < requests.Count;)
            {
                var (status, length) = await connection.AskAsync(requests[index]);
                mine[status] = mine.GetValueOrDefault(status) + 1;
                last = length;
            }
            lock (statuses)
            {
                foreach (var (status, count) in mine) { statuses[status] = statuses.GetValueOrDefault(status) + count; }
                if (last > 0) { body = last; }
            }
        })));
        return new LoadResult(requests.Count, Stopwatch.GetElapsedTime(started), Process.GetCurrentProcess().TotalProcessorTime - cpu, statuses, body);
    }

    private sealed class Connection(int port, int answerBytesMax) : IDisposable
    {
        private static readonly byte[] s_end = "\r\n\r\n"u8.ToArray();
        private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        private readonly byte[] _buffer = new byte[answerBytesMax];

        public Task OpenAsync() => _socket.ConnectAsync("127.0.0.1", port);

        public async ValueTask<(int Status, int BodyBytes)> AskAsync(byte[] request)
        {
            await _socket.SendAsync(request);
            var filled = 0;
            while (true)
            {
                var read = await _socket.ReceiveAsync(_buffer.AsMemory(filled));
                if (read == 0) { throw new InvalidOperationException("The server closed the connection."); }
                filled += read;
                if (TryRead(filled, out var answer)) { return answer; }
            }
        }

        public void Dispose() => _socket.Dispose();

        private bool TryRead(int filled, out (int Status, int BodyBytes) answer)
        {
            answer = default;
            var seen = _buffer.AsSpan(0, filled);
            var end = seen.IndexOf(s_end);
            if (end < 0) { return false; }
            var head = seen[..(end + 2)];
            var at = head.IndexOf("Content-Length: "u8);
            var status = ((head[9] - '0') * 100) + ((head[10] - '0') * 10) + head[11] - '0';
            if (status == 204)
            {
                answer = (status, 0);
                return true;
            }
            if (at < 0)
            {
                // Chunked: the last chunk ends the answer.
                if (!seen.EndsWith("\r\n0\r\n\r\n"u8) && !seen[(end + 4)..].SequenceEqual("0\r\n\r\n"u8)) { return false; }
                answer = (status, filled - end - 4);
                return true;
            }
            var digits = head[(at + 16)..];
            var length = 0;
            for (var i = 0; digits[i] is >= (byte)'0' and <= (byte)'9'; i++) { length = (length * 10) + digits[i] - '0'; }
            answer = (status, length);
            return filled >= end + 4 + length;
        }
    }
}
