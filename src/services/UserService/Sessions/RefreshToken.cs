using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace FirstCome.UserService.Sessions;

/// <summary>
/// A refresh token: the session's id (16 random bytes: the family that all its tokens belong to) and 256 random bits, in base64url. Only <see cref="Hash"/> is
/// kept.
/// </summary>
internal readonly record struct RefreshToken(Guid SessionId, ReadOnlyMemory<byte> Secret)
{
    private const int IdLength = 16, SecretLength = 32, TextLength = (IdLength + SecretLength) / 3 * 4;

    /// <summary>The first token of a new family.</summary>
    public static RefreshToken Create() => Next(new Guid(RandomNumberGenerator.GetBytes(IdLength), bigEndian: true));

    /// <summary>A further token of a family.</summary>
    public static RefreshToken Next(Guid sessionId) => new(sessionId, RandomNumberGenerator.GetBytes(SecretLength));

    /// <summary>The token that follows this one under a client's key: HMAC-SHA256 of the key under the secret, so that it can be told again, but only to who has both.</summary>
    public RefreshToken Next(string key) => new(SessionId, HMACSHA256.HashData(Secret.Span, Encoding.ASCII.GetBytes(key)));

    /// <summary>False for anything that <see cref="Text"/> cannot have made.</summary>
    public static bool TryParse(string? text, out RefreshToken token)
    {
        token = default;
        Span<byte> bytes = stackalloc byte[IdLength + SecretLength];
        if (text is not { Length: TextLength } || Base64Url.DecodeFromChars(text, bytes, out _, out var written) != OperationStatus.Done
            || written != bytes.Length)
        {
            return false;
        }
        token = new RefreshToken(new Guid(bytes[..IdLength], bigEndian: true), bytes[IdLength..].ToArray());
        return true;
    }

    /// <summary>SHA-256; enough for a secret of 256 random bits.</summary>
    public byte[] Hash() => SHA256.HashData(Secret.Span);

    /// <summary>What the client keeps.</summary>
    public string Text()
    {
        Span<byte> bytes = stackalloc byte[IdLength + SecretLength];
        SessionId.TryWriteBytes(bytes, bigEndian: true, out _);
        Secret.Span.CopyTo(bytes[IdLength..]);
        return Base64Url.EncodeToString(bytes);
    }
}
