using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace FirstCome.Gateway.Limits;

/// <summary>An address as rates count it: IPv4 whole, also where it is written as IPv6; of IPv6 the first 64 bits, because whoever has one address there has all of them.</summary>
internal readonly record struct AddressKey(ulong Bits, bool IsV6)
{
    public static AddressKey Of(IPAddress? address)
    {
        if (address is null) { return default; }
        Span<byte> bytes = stackalloc byte[16];
        if (address.AddressFamily == AddressFamily.InterNetworkV6 && !address.IsIPv4MappedToIPv6)
        {
            address.TryWriteBytes(bytes, out _);
            return new(BinaryPrimitives.ReadUInt64BigEndian(bytes), true);
        }
        address.TryWriteBytes(bytes, out var written);
        return new(BinaryPrimitives.ReadUInt32BigEndian(bytes[(written - 4)..]), false);
    }
}
