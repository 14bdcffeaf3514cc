using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Campaigns;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Primitives;

namespace FirstCome.CouponService.Redemptions;

/// <summary>A request to redeem, checked.</summary>
/// <param name="KeyHash">First 16 bytes of SHA-256 of the idempotency key.</param>
/// <param name="RequestHash">The same of coupon and body: another request under the same key is found by it.</param>
internal sealed record RedemptionOrder(string Code, string OrderId, Money Amount, byte[] KeyHash, byte[] RequestHash)
{
    /// <summary>The header that names a request, so that it can be sent twice.</summary>
    public const string KeyHeader = "Idempotency-Key";
    public const int KeyLengthMax = 128;

    private const int OrderIdLengthMax = 64, HashLength = 16;

    // What JSON numbers carry exactly from every client (RFC 8259, section 6).
    private const long MinorMax = (1L << 53) - 1;

    /// <summary>The order, or null where <paramref name="errors"/> tells what to change.</summary>
    /// <param name="code">The coupon's canonical code.</param>
    public static RedemptionOrder? Read(string code, RedeemCoupon.RedeemRequest request, StringValues key, FieldErrors errors)
    {
        if (key.Count != 1 || key[0] is not { Length: >= 1 and <= KeyLengthMax } text || !text.All(character => character is >= '!' and <= '~'))
        {
            errors.Add(KeyHeader, $"is required, once, with 1 to {KeyLengthMax} visible ASCII characters; take a new one for each order");
            text = "";
        }
        if (!IsVisible(request.OrderId)) { errors.Add("orderId", $"must have 1 to {OrderIdLengthMax} visible characters, without spaces"); }
        var amount = request.OrderAmount;
        if (!Currencies.TryGetMinorMax(amount.Currency, out _)) { errors.Add("orderAmount.currency", "must be a currency of ISO 4217, for instance KRW"); }
        if (amount.Minor is < 1 or > MinorMax) { errors.Add("orderAmount.minor", $"must be between 1 and {MinorMax}"); }
        if (errors.Any) { return null; }
        var body = string.Create(CultureInfo.InvariantCulture, $"{code}\n{request.OrderId}\n{amount.Currency}\n{amount.Minor}");
        return new RedemptionOrder(code, request.OrderId, amount, Hash(text), Hash(body));
    }

    // An order's id is kept as it is: what the general rule would clean is refused.
    private static bool IsVisible(string orderId) =>
        RequestText.Clean(orderId, 1, OrderIdLengthMax, out var clean, out _) && clean == orderId
        && orderId.EnumerateRunes().All(IsVisible);

    private static bool IsVisible(Rune rune) => !Rune.IsWhiteSpace(rune)
        && Rune.GetUnicodeCategory(rune) is not (UnicodeCategory.Format or UnicodeCategory.OtherNotAssigned or UnicodeCategory.PrivateUse);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text))[..HashLength];
}
