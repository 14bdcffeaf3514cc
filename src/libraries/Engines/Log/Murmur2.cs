using System.Buffers.Binary;
using System.Text;

namespace FirstCome.Engines.Log;

/// <summary>A key's partition as Kafka's own default partitioner computes it: Murmur2 of its UTF-8 bytes, the sign bit cleared, modulo the partitions.</summary>
internal static class Murmur2
{
    private const uint Multiplier = 0x5bd1e995;
    private const uint Seed = 0x9747b28c;

    public static int Partition(string key, int partitions)
    {
        Span<byte> bytes = stackalloc byte[256];
        var length = Encoding.UTF8.GetBytes(key, bytes);
        return (int)((Hash(bytes[..length]) & 0x7fffffff) % (uint)partitions);
    }

    public static uint Hash(ReadOnlySpan<byte> data)
    {
        var hash = Seed ^ (uint)data.Length;
        while (data.Length >= 4)
        {
            var word = BinaryPrimitives.ReadUInt32LittleEndian(data) * Multiplier;
            hash = (hash * Multiplier) ^ ((word ^ (word >> 24)) * Multiplier);
            data = data[4..];
        }
        if (data.Length == 3) { hash ^= (uint)data[2] << 16; }
        if (data.Length >= 2) { hash ^= (uint)data[1] << 8; }
        if (data.Length >= 1) { hash = (hash ^ data[0]) * Multiplier; }
        hash = (hash ^ (hash >> 13)) * Multiplier;
        return hash ^ (hash >> 15);
    }
}
