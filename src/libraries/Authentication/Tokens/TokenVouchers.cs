using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.Authentication;

/// <summary>
/// The gateway's word to the services behind it that it has verified a token's signature: HMAC-SHA256 over the token's hash, under a key that is derived from the one that services share (<c>Service:Key</c>).
/// It stands in for nothing but the signature, so whoever has one can do no more than with the token itself, and no longer. A service that finds none, or one that is not good, verifies the signature.
/// </summary>
internal sealed class TokenVouchers(IOptions<ServiceOptions> options)
{
    private readonly byte[] _key = HKDF.DeriveKey(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(options.Value.Key), HMACSHA256.HashSizeInBytes, info: "firstcome token voucher"u8.ToArray());

    public string Of(in TokenHash token)
    {
        Span<byte> code = stackalloc byte[HMACSHA256.HashSizeInBytes];
        Make(token, code);
        return Base64Url.EncodeToString(code);
    }

    public bool IsGood(in TokenHash token, ReadOnlySpan<char> voucher)
    {
        Span<byte> given = stackalloc byte[HMACSHA256.HashSizeInBytes], expected = stackalloc byte[HMACSHA256.HashSizeInBytes];
        if (Base64Url.DecodeFromChars(voucher, given, out _, out var written) != OperationStatus.Done || written != given.Length) { return false; }
        Make(token, expected);
        return CryptographicOperations.FixedTimeEquals(given, expected);
    }

    private void Make(in TokenHash token, Span<byte> code)
    {
        Span<byte> bytes = stackalloc byte[SHA256.HashSizeInBytes];
        token.Write(bytes);
        HMACSHA256.HashData(_key, bytes, code);
    }
}
