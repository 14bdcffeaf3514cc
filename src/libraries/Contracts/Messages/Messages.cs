using System.Text.Json;
using System.Text.Json.Serialization;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Claims;

namespace FirstCome.Contracts.Messages;

/// <summary>A reservation of the gate, produced to the log; becomes a row of the ledger.</summary>
/// <param name="Generation">The generation of the gate that gave the sequence.</param>
/// <param name="KeyHash">First 16 bytes of SHA-256 of the idempotency key, in lower-case hex.</param>
/// <param name="AcceptedAtMs">The gate's clock, Unix milliseconds.</param>
public sealed record ClaimAccepted(Guid CampaignId, Guid MemberId, int Nth, long Sequence, int Generation, string KeyHash, long AcceptedAtMs);

/// <summary>A row of the ledger became a coupon's right; may come more than once, always the same.</summary>
/// <param name="Code">The coupon's code, made once by the worker in the ledger row.</param>
public sealed record CouponIssued(
    Guid CampaignId, Guid MemberId, int Nth, long Sequence, string Code, DateTimeOffset AcceptedAt, DateTimeOffset IssuedAt);

/// <summary>A claim became a dead letter, or an operator rejected one.</summary>
public sealed record ClaimReviewed(Guid CampaignId, Guid MemberId, int Nth, long Sequence, ClaimState State, string Reason, DateTimeOffset At);

/// <summary>A campaign was made or changed; carries the whole campaign. A receiver ignores what is older than what it has.</summary>
public sealed record CampaignChanged(Campaign Campaign);

/// <summary>A member's standing changed. Carries the whole standing, so that a receiver needs nothing else.</summary>
/// <param name="Locked">Locked, or erased: every token is refused.</param>
/// <param name="TokensValidFrom">Tokens issued before this instant (whole seconds) are refused (signed out everywhere, password or roles changed).</param>
/// <param name="Attributes">What conditions are judged by, from <paramref name="At"/> on; wins over what an older token carries.</param>
public sealed record MemberChanged(Guid MemberId, bool Locked, DateTimeOffset TokensValidFrom, MemberAttributes Attributes, DateTimeOffset At);

/// <summary>The attributes that audience conditions use.</summary>
/// <param name="Grade">Empty when none was given.</param>
/// <param name="BirthMonth">1 to 12, or null.</param>
public sealed record MemberAttributes(string Grade, IReadOnlyList<string> Tags, DateTimeOffset MemberSince, int? BirthMonth);

/// <summary>How messages and the APIs between services are written: camelCase, enums as their API names, nothing for null.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, Converters = [typeof(UtcInstantConverter)])]
[JsonSerializable(typeof(ClaimAccepted))]
[JsonSerializable(typeof(CouponIssued))]
[JsonSerializable(typeof(ClaimReviewed))]
[JsonSerializable(typeof(CampaignChanged))]
[JsonSerializable(typeof(MemberChanged))]
[JsonSerializable(typeof(Campaign))]
[JsonSerializable(typeof(CampaignCounts))]
[JsonSerializable(typeof(Claim))]
[JsonSerializable(typeof(ClaimList))]
public sealed partial class MessageJson : JsonSerializerContext;

/// <summary>Instants as RFC 3339 in UTC with <c>Z</c>.</summary>
internal sealed class UtcInstantConverter : JsonConverter<DateTimeOffset>
{
    public override DateTimeOffset Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDateTimeOffset();

    public override void Write(Utf8JsonWriter writer, DateTimeOffset value, JsonSerializerOptions options) => writer.WriteStringValue(value.UtcDateTime);
}
