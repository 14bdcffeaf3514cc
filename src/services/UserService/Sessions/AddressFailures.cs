using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace FirstCome.UserService.Sessions;

/// <summary>
/// Failed guesses by the client's address, in memory: a guesser who takes one password to many accounts never fails ten times at one. A network of 64 bits
/// counts as one IPv6 address.
/// </summary>
internal sealed class AddressFailures(IOptions<SignInOptions> options, TimeProvider time)
{
    // Each failure costs a password hash, so the window cannot see more addresses than this; should it, the oldest entries make room.
    private const int AddressesMax = 50_000;

    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, (int Count, long StartedAt)> _byAddress = [];
    private readonly Queue<(IPAddress Address, long StartedAt)> _oldestFirst = [];

    /// <summary>How long the address must wait; zero: go on.</summary>
    public TimeSpan WaitLeft(IPAddress? address)
    {
        lock (_lock)
        {
            if (!_byAddress.TryGetValue(Network(address), out var failures) || failures.Count < options.Value.AddressFailuresMax) { return TimeSpan.Zero; }
            var left = options.Value.FailuresWindow - time.GetElapsedTime(failures.StartedAt);
            return left > TimeSpan.Zero ? left : TimeSpan.Zero;
        }
    }

    /// <summary>Counts a failure.</summary>
    public void Add(IPAddress? address)
    {
        var network = Network(address);
        lock (_lock)
        {
            Forget();
            if (_byAddress.TryGetValue(network, out var failures))
            {
                _byAddress[network] = failures with { Count = failures.Count + 1 };
                return;
            }
            var now = time.GetTimestamp();
            _byAddress[network] = (1, now);
            _oldestFirst.Enqueue((network, now));
        }
    }

    private void Forget()
    {
        while (_oldestFirst.TryPeek(out var oldest)
            && (_byAddress.Count >= AddressesMax || time.GetElapsedTime(oldest.StartedAt) >= options.Value.FailuresWindow))
        {
            _byAddress.Remove(oldest.Address);
            _oldestFirst.Dequeue();
        }
    }

    private static IPAddress Network(IPAddress? address)
    {
        if (address is null) { return IPAddress.None; }
        if (address.IsIPv4MappedToIPv6) { return address.MapToIPv4(); }
        if (address.AddressFamily != AddressFamily.InterNetworkV6) { return address; }
        var bytes = address.GetAddressBytes();
        bytes.AsSpan(8).Clear();
        return new IPAddress(bytes);
    }
}
