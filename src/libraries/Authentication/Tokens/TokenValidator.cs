using System.Buffers;
using System.Text;
using System.Text.Json;
using FirstCome.Contracts.Messages;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace FirstCome.Authentication;

/// <summary>Says who a token's caller is. A token is validated once and then remembered; locks, sign-outs and changed attributes take effect on remembered ones too.</summary>
internal sealed class TokenValidator(TokenCache cache, SigningKeys keys, MemberStandings standings, TokenVouchers vouchers, TimeProvider time, TokenMeasures measures)
{
    public const string Issuer = "firstcome", Audience = "firstcome";
    public const int TokenBytesMax = 4 * 1024;
    private static readonly TimeSpan s_longestMemory = TimeSpan.FromMinutes(10);
    private static readonly JsonWebTokenHandler s_handler = new() { MaximumTokenSizeInBytes = TokenBytesMax, MapInboundClaims = false };

    /// <summary>Completes synchronously for a remembered token.</summary>
    /// <param name="voucher">What came as the gateway's word for the token's signature, or null.</param>
    public ValueTask<TokenVerdict> ValidateAsync(ReadOnlyMemory<char> token, string? voucher, CancellationToken cancellationToken)
    {
        if (token.Length is < 16 or > TokenBytesMax) { return new(Refused(TokenRefusal.Malformed)); }
        if (!TryHash(token.Span, out var hash)) { return new(Refused(TokenRefusal.Malformed)); }
        var now = time.GetUtcNow();
        if (cache.Find(hash) is { } remembered)
        {
            if (now.ToUnixTimeMilliseconds() < remembered.ForgetAt)
            {
                measures.Remembered.Add(1);
                return new(Judge(remembered, hash));
            }
            cache.Forget(hash);
        }
        return ValidateAnewAsync(token.ToString(), hash, voucher is not null && vouchers.IsGood(hash, voucher), now, cancellationToken);
    }

    private static bool TryHash(ReadOnlySpan<char> token, out TokenHash hash)
    {
        Span<byte> bytes = stackalloc byte[TokenBytesMax];
        // A token is base64url with two dots: ASCII only, so one byte for each character.
        var isAscii = Ascii.FromUtf16(token, bytes, out var written) == OperationStatus.Done;
        hash = isAscii ? TokenHash.Of(bytes[..written]) : default;
        return isAscii;
    }

    private async ValueTask<TokenVerdict> ValidateAnewAsync(string token, TokenHash hash, bool isVouchedFor, DateTimeOffset now, CancellationToken cancellationToken)
    {
        (isVouchedFor ? measures.Vouched : measures.Validated).Add(1);
        JsonWebToken jwt;
        try { jwt = new JsonWebToken(token); }
        catch (Exception exception) when (exception is ArgumentException or SecurityTokenException or JsonException or FormatException) { return Refused(TokenRefusal.Malformed); }
        if (jwt.Alg != SecurityAlgorithms.RsaSha256 || string.IsNullOrEmpty(jwt.Kid) || jwt.IsEncrypted) { return Refused(TokenRefusal.Forged); }
        var parameters = Parameters();
        if (isVouchedFor) { parameters.SignatureValidator = (_, _) => jwt; }
        else if (await keys.FindAsync(jwt.Kid, cancellationToken) is { } key) { parameters.IssuerSigningKey = key; }
        else { return Refused(keys.Any ? TokenRefusal.Forged : TokenRefusal.KeysAway); }
        var result = await s_handler.ValidateTokenAsync(jwt, parameters);
        if (!result.IsValid)
        {
            return Refused(result.Exception switch
            {
                SecurityTokenInvalidLifetimeException => TokenRefusal.Expired,
                SecurityTokenInvalidIssuerException or SecurityTokenInvalidAudienceException => TokenRefusal.Foreign,
                _ => TokenRefusal.Forged,
            });
        }
        if (Read(jwt) is not { } caller) { return Refused(TokenRefusal.Foreign); }
        var longest = now + s_longestMemory;
        var forgetAt = caller.ExpiresAt < longest ? caller.ExpiresAt : longest;
        var remembered = new RememberedToken(caller, EpochTime.GetIntDate(jwt.IssuedAt), forgetAt.ToUnixTimeMilliseconds());
        cache.Remember(hash, remembered);
        return Judge(remembered, hash);
    }

    private TokenVerdict Judge(RememberedToken token, in TokenHash hash)
    {
        if (token.IssuedAt < standings.TokensValidFrom) { return Refused(TokenRefusal.SignedOut); }
        if (standings.Find(token.Caller.MemberId) is not { } standing) { return new(token.Caller, TokenRefusal.None) { Token = hash }; }
        if (standing.Locked) { return Refused(TokenRefusal.Locked); }
        if (token.IssuedAt < standing.TokensValidFrom) { return Refused(TokenRefusal.SignedOut); }
        return new(standing.At >= token.IssuedAt * 1000 ? token.With(standing) : token.Caller, TokenRefusal.None) { Token = hash };
    }

    private TokenVerdict Refused(TokenRefusal refusal)
    {
        measures.Refuse(refusal);
        return refusal;
    }

    private TokenValidationParameters Parameters() => new()
    {
        ValidAlgorithms = [SecurityAlgorithms.RsaSha256],
        ValidTypes = ["JWT"],
        ValidIssuer = Issuer,
        ValidAudience = Audience,
        TryAllIssuerSigningKeys = false,
        RequireSignedTokens = true,
        // One clock for all: the library would ask the machine's.
        LifetimeValidator = (_, expires, _, _) => expires is { } at && time.GetUtcNow() < at,
    };

    private static Caller? Read(JsonWebToken jwt)
    {
        if (!Guid.TryParseExact(jwt.Subject, "D", out var member) || jwt.IssuedAt == default || jwt.ValidTo == default) { return null; }
        var roles = Role.Member;
        foreach (var name in Texts(jwt, "roles"))
        {
            if (Roles.TryParse(name, out var role)) { roles |= role; }
        }
        Guid? rehearsal = null;
        if (jwt.TryGetPayloadValue<string>("rehearsal", out var campaign))
        {
            if (!Guid.TryParseExact(campaign, "D", out var id)) { return null; }
            rehearsal = id;
        }
        var grade = jwt.TryGetPayloadValue<string>("grade", out var text) ? text : "";
        var since = jwt.TryGetPayloadValue<long>("since", out var seconds) && seconds is >= 0 and < 253_402_300_800 ? DateTimeOffset.FromUnixTimeSeconds(seconds) : DateTimeOffset.UnixEpoch;
        int? birthMonth = jwt.TryGetPayloadValue<int>("birthMonth", out var month) && month is >= 1 and <= 12 ? month : null;
        // A synthetic member has no other role, whatever the token says.
        return new Caller(member, rehearsal is null ? roles : Role.Member, new MemberAttributes(grade ?? "", Texts(jwt, "tags"), since, birthMonth), rehearsal, new DateTimeOffset(jwt.ValidTo, TimeSpan.Zero));
    }

    private static string[] Texts(JsonWebToken jwt, string claim) => jwt.TryGetPayloadValue<string[]>(claim, out var values) && values is not null ? values : [];
}
