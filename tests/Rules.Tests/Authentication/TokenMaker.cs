using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace FirstCome.RulesTests.Authentication;

/// <summary>Makes tokens as UserService does, and wrong ones.</summary>
internal sealed class TokenMaker : IDisposable
{
    private readonly RSA _rsa = RSA.Create(2048);

    public TokenMaker(string keyId) => Key = new RsaSecurityKey(_rsa) { KeyId = keyId };

    public RsaSecurityKey Key { get; }

    /// <summary>The claims of a right token; a test changes what it is about. A null value leaves the claim out.</summary>
    public static Dictionary<string, object?> Claims(Guid member, DateTimeOffset now) => new()
    {
        ["iss"] = "firstcome",
        ["aud"] = "firstcome",
        ["sub"] = member.ToString("D"),
        ["iat"] = now.ToUnixTimeSeconds(),
        ["exp"] = now.ToUnixTimeSeconds() + 600,
        ["roles"] = new[] { "member" },
        ["grade"] = "gold",
        ["tags"] = new[] { "vip", "early" },
        ["since"] = 1_700_000_000,
        ["birthMonth"] = 5,
    };

    public string Make(IReadOnlyDictionary<string, object?> claims, SigningCredentials? credentials = null) =>
        new JsonWebTokenHandler { SetDefaultTimesOnTokenCreation = false }.CreateToken(
            JsonSerializer.Serialize(claims.Where(claim => claim.Value is not null).ToDictionary()), credentials ?? new SigningCredentials(Key, SecurityAlgorithms.RsaSha256));

    /// <summary>A token with a header of one's own, signed with RS256 by this key unless the signature is given.</summary>
    public string MakeRaw(string header, IReadOnlyDictionary<string, object?> claims, string? signature = null)
    {
        var signed = $"{Encode(header)}.{Encode(JsonSerializer.Serialize(claims.Where(claim => claim.Value is not null).ToDictionary()))}";
        return $"{signed}.{signature ?? Base64UrlEncoder.Encode(_rsa.SignData(Encoding.ASCII.GetBytes(signed), HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    /// <summary>The key as a JWKS tells it.</summary>
    public object PublicKey()
    {
        var numbers = _rsa.ExportParameters(false);
        return new { kty = "RSA", use = "sig", alg = "RS256", kid = Key.KeyId, n = Base64UrlEncoder.Encode(numbers.Modulus), e = Base64UrlEncoder.Encode(numbers.Exponent) };
    }

    /// <summary>The public key's text, which the old attack takes for a shared secret.</summary>
    public byte[] PublicPem() => Encoding.ASCII.GetBytes(_rsa.ExportSubjectPublicKeyInfoPem());

    public void Dispose() => _rsa.Dispose();

    private static string Encode(string text) => Base64UrlEncoder.Encode(text);
}
