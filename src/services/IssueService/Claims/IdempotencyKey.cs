using System.Security.Cryptography;
using System.Text;
using FirstCome.ServiceDefaults;

namespace FirstCome.IssueService.Claims;

/// <summary>The header <c>Idempotency-Key</c>: up to 128 visible ASCII characters; a claim without one counts as the key <c>""</c>.</summary>
internal static class IdempotencyKey
{
    /// <summary>How many bytes of the hash are kept.</summary>
    public const int HashBytes = 16;
    private const int LengthMax = 128;
    private static readonly byte[] s_none = Hash("");

    /// <summary>The first 16 bytes of SHA-256 of the key.</summary>
    /// <exception cref="InvalidRequestException">It is no key.</exception>
    public static byte[] Read(HttpRequest request)
    {
        var header = request.Headers["Idempotency-Key"];
        if (header.Count == 0) { return s_none; }
        var key = header.Count == 1 ? header[0] ?? "" : null;
        if (key is null || key.Length > LengthMax || key.AsSpan().ContainsAnyExceptInRange('!', '~'))
        {
            throw new InvalidRequestException("Idempotency-Key", $"must be sent once, with up to {LengthMax} visible ASCII characters");
        }
        return Hash(key);
    }

    public static byte[] Hash(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key))[..HashBytes];
}
