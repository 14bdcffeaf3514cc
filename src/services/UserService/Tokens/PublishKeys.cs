using System.Buffers.Text;
using System.Security.Cryptography;
using FirstCome.ServiceDefaults;

namespace FirstCome.UserService.Tokens;

/// <summary>The public half of a signing key, as RFC 7517 writes it.</summary>
/// <param name="Kty">Always <c>RSA</c>.</param>
/// <param name="Use">Always <c>sig</c>.</param>
/// <param name="Alg">Always <c>RS256</c>.</param>
/// <param name="Kid">The key's id, as tokens name it in their header.</param>
/// <param name="N">The modulus, base64url.</param>
/// <param name="E">The exponent, base64url.</param>
public sealed record PublicKey(string Kty, string Use, string Alg, string Kid, string N, string E)
{
    internal static PublicKey Of(string keyId, RSAParameters numbers) =>
        new("RSA", "sig", "RS256", keyId, Base64Url.EncodeToString(numbers.Modulus), Base64Url.EncodeToString(numbers.Exponent));
}

/// <summary>A JSON Web Key Set.</summary>
public sealed record PublicKeySet(IReadOnlyList<PublicKey> Keys);

/// <summary>
/// <c>GET /.well-known/jwks.json</c>: the keys that access tokens are checked with, those that wait to sign and those that have signed included.
/// </summary>
internal static class PublishKeys
{
    public static void Map(IEndpointRouteBuilder routes) => routes.MapGet("/.well-known/jwks.json", Handle)
        .WithName("PublishKeys").WithTags("Keys").WithSummary("The keys that access tokens are checked with")
        .WithDescription(
            "A JSON Web Key Set (RFC 7517). A new key stands here at least a minute before the first token carries it; an old one until its last token "
            + "has expired. Ask again for a key id that you do not know.")
        .Produces<PublicKeySet>();

    private static IResult Handle(HttpContext context, KeyRing keys)
    {
        // Shorter than the time for which a key is published ahead.
        context.Response.Headers.CacheControl = "public, max-age=30";
        return Results.Json(Set(keys), ApiJson.Options);
    }

    /// <summary>The set as it stands.</summary>
    internal static PublicKeySet Set(KeyRing keys) => new([.. keys.Published.Select(key => key.Public)]);
}
