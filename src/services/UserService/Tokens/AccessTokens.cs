using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using FirstCome.Authentication;
using FirstCome.UserService.Members;
using Microsoft.IdentityModel.JsonWebTokens;

namespace FirstCome.UserService.Tokens;

/// <summary>A token and when it expires.</summary>
internal readonly record struct AccessToken(string Text, DateTimeOffset ExpiresAt);

/// <summary>Makes access tokens: JWT, RS256; <c>sub</c> the member's id, and what conditions and roles are judged by.</summary>
internal sealed class AccessTokens(KeyRing keys)
{
    private const string Issuer = "firstcome", Audience = "firstcome";
    private static readonly JsonWebTokenHandler s_handler = new() { SetDefaultTimesOnTokenCreation = false };
    // The payload is base64url within the token: nothing there needs an escape that makes it longer.
    private static readonly JsonWriterOptions s_writer = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>A member's token for ten minutes.</summary>
    /// <param name="now">Taken before the member was read; see <see cref="TokenTimes.IssuedAt"/>.</param>
    public AccessToken Issue(Member member, DateTimeOffset now)
    {
        var issuedAt = TokenTimes.IssuedAt(now, member.TokensValidFrom);
        return Issue(new Claims(member.Id, member.Roles, member.Grade, member.Tags, member.MemberSince, member.BirthMonth, null), issuedAt, TokenTimes.Access);
    }

    /// <summary>A synthetic member's token for an hour: good for claims on this one campaign, and nothing else.</summary>
    public AccessToken IssueForRehearsal(Guid memberId, Guid campaignId, DateTimeOffset now) =>
        Issue(new Claims(memberId, Role.Member, "", [], now, null, campaignId), now.ToUnixTimeSeconds(), TokenTimes.Rehearsal);

    private AccessToken Issue(Claims claims, long issuedAt, TimeSpan lifetime)
    {
        var expiresAt = issuedAt + (long)lifetime.TotalSeconds;
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, s_writer)) { Write(writer, claims, issuedAt, expiresAt); }
        return new AccessToken(s_handler.CreateToken(Encoding.UTF8.GetString(buffer.WrittenSpan), keys.Signing.Credentials),
            DateTimeOffset.FromUnixTimeSeconds(expiresAt));
    }

    private static void Write(Utf8JsonWriter writer, Claims claims, long issuedAt, long expiresAt)
    {
        writer.WriteStartObject();
        writer.WriteString("iss"u8, Issuer);
        writer.WriteString("aud"u8, Audience);
        writer.WriteString("sub"u8, claims.Member);
        writer.WriteNumber("iat"u8, issuedAt);
        writer.WriteNumber("exp"u8, expiresAt);
        writer.WriteStartArray("roles"u8);
        foreach (var role in Roles.Names(claims.Roles)) { writer.WriteStringValue(role); }
        writer.WriteEndArray();
        writer.WriteString("grade"u8, claims.Grade);
        writer.WriteStartArray("tags"u8);
        foreach (var tag in claims.Tags) { writer.WriteStringValue(tag); }
        writer.WriteEndArray();
        writer.WriteNumber("since"u8, claims.Since.ToUnixTimeSeconds());
        if (claims.BirthMonth is { } month) { writer.WriteNumber("birthMonth"u8, month); }
        if (claims.Rehearsal is { } campaign) { writer.WriteString("rehearsal"u8, campaign); }
        writer.WriteEndObject();
    }

    private readonly record struct Claims(Guid Member, Role Roles, string Grade, IReadOnlyList<string> Tags, DateTimeOffset Since, int? BirthMonth,
        Guid? Rehearsal);
}
