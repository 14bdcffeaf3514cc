using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;

namespace FirstCome.ConfigServer.Secrets;

/// <summary>
/// Encrypted values as Spring Cloud writes them under a symmetric <c>encrypt.key</c>: hexadecimal; 16 random bytes, then AES-256 in CBC mode, its key
/// derived from text by PBKDF2 with HMAC-SHA1 in 1,024 rounds. There is no seal on a value: who may write one may spoil it unseen, as with the original.
/// </summary>
internal sealed class TextEncryptor
{
    private const int InitialBytes = 16;
    private const int KeyBytes = 32;
    private const int Rounds = 1024;

    private static readonly UTF8Encoding Text = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly byte[] _key;

    /// <param name="salt">Hexadecimal; Spring's default is <c>deadbeef</c>.</param>
    public TextEncryptor(string key, string salt)
    {
#pragma warning disable CA5379 // The format prescribes SHA-1; the key's own strength is what protects here.
        _key = Rfc2898DeriveBytes.Pbkdf2(key, Convert.FromHexString(salt), Rounds, HashAlgorithmName.SHA1, KeyBytes);
#pragma warning restore CA5379
    }

    public string Encrypt(string plain)
    {
        var initial = RandomNumberGenerator.GetBytes(InitialBytes);
        using var aes = Aes.Create();
        aes.Key = _key;
        return Convert.ToHexStringLower([.. initial, .. aes.EncryptCbc(Text.GetBytes(plain), initial)]);
    }

    /// <summary>False for what was not encrypted with this key.</summary>
    public bool TryDecrypt(string cipher, [NotNullWhen(true)] out string? plain)
    {
        plain = null;
        var bytes = new byte[cipher.Length / 2];
        if (cipher.Length % 2 != 0 || bytes.Length < 2 * InitialBytes || bytes.Length % InitialBytes != 0
            || Convert.FromHexString(cipher, bytes, out _, out _) != System.Buffers.OperationStatus.Done)
            return false;
        using var aes = Aes.Create();
        aes.Key = _key;
        var decrypted = new byte[bytes.Length];
        try
        {
            if (!aes.TryDecryptCbc(bytes.AsSpan(InitialBytes), bytes.AsSpan(0, InitialBytes), decrypted, out var length))
                return false;
            plain = Text.GetString(decrypted, 0, length);
            return true;
        }
        catch (Exception e) when (e is CryptographicException or DecoderFallbackException)
        {
            // Another key's value: an answer, not a failure.
            return false;
        }
    }
}
