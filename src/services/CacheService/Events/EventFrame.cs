using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FirstCome.CacheService.Events;

/// <summary>
/// One server-sent event as it goes over the wire, serialised once and written to every watcher. The format is that of the HTML standard,
/// section 9.2: <c>event</c>, <c>id</c> and <c>data</c> lines, then an empty one.
/// </summary>
internal sealed class EventFrame
{
    /// <summary>A comment that keeps proxies from taking the stream for dead.</summary>
    public static readonly EventFrame Heartbeat = new(": heartbeat\n\n"u8.ToArray());

    private EventFrame(byte[] bytes) => Bytes = bytes;

    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>An event. <paramref name="at"/> becomes its id, in Unix milliseconds: instances agree on it, and it grows.</summary>
    public static EventFrame Of<T>(string name, DateTimeOffset at, T data, JsonSerializerOptions json)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"event: {name}\nid: {at.ToUnixTimeMilliseconds()}\ndata: ");
        // JSON without indentation holds no line break, so one data line is enough.
        return new([.. Encoding.UTF8.GetBytes(head), .. JsonSerializer.SerializeToUtf8Bytes(data, json), .. "\n\n"u8]);
    }

    /// <summary>How long a client waits before it comes back; spread by the caller, so that a restart is not followed by all of them at once.</summary>
    public static EventFrame Retry(TimeSpan delay) =>
        new(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"retry: {(long)delay.TotalMilliseconds}\n\n")));
}
