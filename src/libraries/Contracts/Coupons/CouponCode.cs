using System.Security.Cryptography;

namespace FirstCome.Contracts.Coupons;

/// <summary>
/// A coupon's code: 16 random characters (80 bits) and a check character, of Crockford's base 32 (no I, L, O, U), shown in groups:
/// <c>XXXX-XXXX-XXXX-XXXX-C</c>. The check character is Luhn mod 32: it finds every single wrong character and nearly every swap of neighbours.
/// </summary>
public static class CouponCode
{
    private const string Alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    private const int Length = 16;

    /// <summary>A new code; unguessable.</summary>
    public static string Create()
    {
        Span<byte> random = stackalloc byte[Length];
        RandomNumberGenerator.Fill(random);
        Span<char> body = stackalloc char[Length];
        for (var i = 0; i < Length; i++) { body[i] = Alphabet[random[i] & 31]; }
        return Format(body, Check(body));
    }

    /// <summary>Reads what a person typed: case, spaces and hyphens do not count, I and L are 1, O is 0. False where the length or the check character is wrong.</summary>
    public static bool TryParse(string? text, out string code)
    {
        code = "";
        if (text is null || text.Length > 64) { return false; }
        Span<char> characters = stackalloc char[Length + 1];
        var count = 0;
        foreach (var typed in text)
        {
            if (typed is '-' or ' ') { continue; }
            var character = char.ToUpperInvariant(typed) switch { 'I' or 'L' => '1', 'O' => '0', var other => other };
            if (count > Length || !Alphabet.Contains(character)) { return false; }
            characters[count++] = character;
        }
        if (count != Length + 1 || Check(characters[..Length]) != characters[Length]) { return false; }
        code = Format(characters[..Length], characters[Length]);
        return true;
    }

    private static string Format(ReadOnlySpan<char> body, char check) => $"{body[..4]}-{body[4..8]}-{body[8..12]}-{body[12..]}-{check}";

    // Luhn mod N (N = 32): from the right every other value is doubled and its base-32 digits are summed.
    private static char Check(ReadOnlySpan<char> body)
    {
        var sum = 0;
        for (var i = body.Length - 1; i >= 0; i--)
        {
            var value = Alphabet.IndexOf(body[i]);
            if ((body.Length - 1 - i) % 2 == 0) { value *= 2; }
            sum += (value / Alphabet.Length) + (value % Alphabet.Length);
        }
        return Alphabet[(Alphabet.Length - (sum % Alphabet.Length)) % Alphabet.Length];
    }
}
