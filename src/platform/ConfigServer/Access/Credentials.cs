using System.Net;
using System.Security.Cryptography;
using System.Text;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.ConfigServer.Access;

/// <summary>
/// Who asks: an administrator, a client, one of the services by their key, or nobody that is known. Only hashes of the secrets are kept; each is compared
/// in fixed time, and all of them, whichever fits.
/// </summary>
internal sealed class Credentials
{
    private const string Basic = "Basic ", Bearer = "Bearer ";

    private readonly List<(byte[] Hash, Grant Grant)> _readers = [];
    private readonly List<byte[]> _administrators = [];
    private readonly ReadAccess _open;

    public Credentials(IOptions<ConfigServerOptions> options, IOptions<ServiceOptions> service)
    {
        _open = options.Value.Reads;
        var administrator = options.Value.Administrator;
        AddHashes(_administrators, administrator.UserName, administrator.Password, administrator.Token);
        _readers.AddRange(_administrators.Select(hash => (hash, Grant.Everything)));
        _readers.Add((Hash(Bearer, Encoding.UTF8.GetBytes(service.Value.Key)), Grant.Everything));
        var bound = options.Value.Clients.Values.SelectMany(client => client.Applications).ToHashSet(StringComparer.Ordinal);
        foreach (var (name, client) in options.Value.Clients)
        {
            var grant = client.Applications.Count == 0 ? Grant.Everything : new Grant([.. client.Applications], [.. bound.Except(client.Applications)]);
            var hashes = new List<byte[]>();
            AddHashes(hashes, name, client.Password, client.Token);
            _readers.AddRange(hashes.Select(hash => (hash, grant)));
        }
    }

    public bool HasAdministrator => _administrators.Count > 0;

    public bool IsAdministrator(HttpRequest request)
    {
        var given = Given(request);
        var found = false;
        foreach (var hash in _administrators)
            found |= given is not null & CryptographicOperations.FixedTimeEquals(hash, given ?? []);
        return found;
    }

    /// <summary>What the caller may read; null when he must say who he is.</summary>
    public Grant? ReadsOf(HttpContext context)
    {
        Grant? found = null;
        if (Given(context.Request) is { } given)
        {
            foreach (var (hash, grant) in _readers)
                found = CryptographicOperations.FixedTimeEquals(hash, given) ? grant : found;
        }
        return found ?? (_open == ReadAccess.Everyone || (_open == ReadAccess.Loopback && IsLoopback(context)) ? Grant.Everything : null);
    }

    public static bool IsLoopback(HttpContext context) => context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address);

    private static void AddHashes(List<byte[]> hashes, string name, string? password, string? token)
    {
        if (!string.IsNullOrEmpty(password))
            hashes.Add(Hash(Basic, Encoding.UTF8.GetBytes($"{name}:{password}")));
        if (!string.IsNullOrEmpty(token))
            hashes.Add(Hash(Bearer, Encoding.UTF8.GetBytes(token)));
    }

    private static byte[]? Given(HttpRequest request)
    {
        var header = request.Headers.Authorization.ToString();
        if (header.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase))
            return Hash(Bearer, Encoding.UTF8.GetBytes(header[Bearer.Length..].Trim()));
        if (!header.StartsWith(Basic, StringComparison.OrdinalIgnoreCase))
            return null;
        var encoded = header[Basic.Length..].Trim();
        var decoded = new byte[encoded.Length];
        return Convert.TryFromBase64String(encoded, decoded, out var length) ? Hash(Basic, decoded.AsSpan(0, length)) : null;
    }

    private static byte[] Hash(string scheme, ReadOnlySpan<byte> secret) => SHA256.HashData([.. Encoding.ASCII.GetBytes(scheme), .. secret]);
}
