using System.Text.Json;
using FirstCome.Contracts.Coupons;
using FirstCome.Contracts.Messages;
using FirstCome.Engines.Log;

namespace FirstCome.CouponService.Issuance;

/// <summary>A record of <c>coupon.issued</c>: what it says, or why it says nothing that a coupon could be made of.</summary>
/// <param name="Message">Null where <paramref name="Fault"/> tells what is wrong.</param>
internal sealed record IssuedRecord(LogPosition Position, ReadOnlyMemory<byte> Value, CouponIssued? Message, string? Fault)
{
    public static IssuedRecord Parse(LogPosition position, ReadOnlyMemory<byte> value)
    {
        CouponIssued? message;
        try { message = JsonSerializer.Deserialize(value.Span, MessageJson.Default.CouponIssued); }
        catch (JsonException exception) { return new IssuedRecord(position, value, null, exception.Message); }
        return FaultOf(message) is { } fault ? new IssuedRecord(position, value, null, fault) : new IssuedRecord(position, value, message, null);
    }

    private static string? FaultOf(CouponIssued? message) => message switch
    {
        null => "The record is null.",
        _ when message.CampaignId == Guid.Empty => "campaignId is missing.",
        _ when message.MemberId == Guid.Empty => "memberId is missing.",
        { Nth: < 1 } => "nth must be 1 or more.",
        { Sequence: < 1 } => "sequence must be 1 or more.",
        _ when message.IssuedAt < DateTimeOffset.UnixEpoch => "issuedAt is missing, or before 1970.",
        _ when !CouponCode.TryParse(message.Code, out var code) || code != message.Code => "code is no coupon's code.",
        _ => null,
    };
}
