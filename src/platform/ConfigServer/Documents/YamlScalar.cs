using System.Globalization;
using System.Numerics;
using System.Text.RegularExpressions;

namespace FirstCome.ConfigServer.Documents;

internal enum YamlType
{
    Text,
    Null,
    Boolean,
    Integer,
    Float,
    Timestamp,
    Merge,
}

/// <summary>
/// What a plain scalar is under YAML 1.1, with the patterns that the original server's parser uses: <c>yes</c> is true, <c>0755</c> is 493,
/// <c>10:30:00</c> is 37800. Clients of the original depend on it.
/// </summary>
internal static partial class YamlScalar
{
    public static YamlType TypeOf(string plain) => plain switch
    {
        "" or "~" or "null" or "Null" or "NULL" => YamlType.Null,
        "<<" => YamlType.Merge,
        _ when plain.Length > 400 => YamlType.Text,
        _ when Boolean().IsMatch(plain) => YamlType.Boolean,
        _ when Integer().IsMatch(plain) => YamlType.Integer,
        _ when Float().IsMatch(plain) => YamlType.Float,
        _ when Timestamp().IsMatch(plain) => YamlType.Timestamp,
        _ => YamlType.Text,
    };

    /// <summary>The value of a scalar of this type; dates stay as they were written.</summary>
    public static SettingValue ValueOf(string text, YamlType type) => type switch
    {
        YamlType.Null => SettingValue.Empty,
        YamlType.Boolean => new SettingValue(text.ToUpperInvariant() is "YES" or "TRUE" or "ON" ? "true" : "false", IsLiteral: true),
        YamlType.Integer => new SettingValue(ToInteger(text).ToString(CultureInfo.InvariantCulture), IsLiteral: true),
        YamlType.Float => ToFloat(text),
        _ => new SettingValue(text, IsLiteral: false),
    };

    private static BigInteger ToInteger(string text)
    {
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        var negative = digits[0] == '-';
        digits = digits.TrimStart('+', '-');
        BigInteger value;
        if (digits.StartsWith("0x", StringComparison.Ordinal))
            value = InBase(digits.AsSpan(2), 16);
        else if (digits.StartsWith("0b", StringComparison.Ordinal))
            value = InBase(digits.AsSpan(2), 2);
        else if (digits.Contains(':', StringComparison.Ordinal))
            value = digits.Split(':').Aggregate(BigInteger.Zero, (sum, part) => sum * 60 + int.Parse(part, CultureInfo.InvariantCulture));
        else
            value = InBase(digits, digits[0] == '0' ? 8 : 10);
        return negative ? -value : value;
    }

    private static BigInteger InBase(ReadOnlySpan<char> digits, int numberBase)
    {
        var value = BigInteger.Zero;
        foreach (var digit in digits)
            value = value * numberBase + Convert.ToInt32(digit.ToString(), 16);
        return value;
    }

    private static SettingValue ToFloat(string text)
    {
        var digits = text.Replace("_", "", StringComparison.Ordinal);
        // JSON has no spelling for these; the original writes the names in quotes.
        if (digits.EndsWith("inf", StringComparison.OrdinalIgnoreCase))
            return new SettingValue(digits[0] == '-' ? "-Infinity" : "Infinity", IsLiteral: false);
        if (digits.EndsWith("nan", StringComparison.OrdinalIgnoreCase))
            return new SettingValue("NaN", IsLiteral: false);
        var value = double.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsInfinity(value)
            ? new SettingValue(value < 0 ? "-Infinity" : "Infinity", IsLiteral: false)
            : new SettingValue(Spell(value), IsLiteral: true);
    }

    /// <summary>As Java spells a double: always with a fraction, and with an exponent below 0.001 and from ten million.</summary>
    private static string Spell(double value)
    {
        var size = Math.Abs(value);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        if (size is 0 or (>= 1e-3 and < 1e7))
            return shortest.Contains('.', StringComparison.Ordinal) ? shortest : shortest + ".0";
        var scientific = value.ToString("E16", CultureInfo.InvariantCulture);
        var exponent = int.Parse(scientific.AsSpan(scientific.IndexOf('E', StringComparison.Ordinal) + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = new string(shortest.Split('E')[0].Where(char.IsAsciiDigit).ToArray()).Trim('0');
        return string.Create(CultureInfo.InvariantCulture, $"{(value < 0 ? "-" : "")}{mantissa[0]}.{(mantissa.Length > 1 ? mantissa[1..] : "0")}E{exponent}");
    }

    [GeneratedRegex("^(?:yes|Yes|YES|no|No|NO|true|True|TRUE|false|False|FALSE|on|On|ON|off|Off|OFF)$", RegexOptions.CultureInvariant)]
    private static partial Regex Boolean();

    [GeneratedRegex("^(?:[-+]?0b_*[01][01_]*|[-+]?0_*[0-7][0-7_]*|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x_*[0-9a-fA-F][0-9a-fA-F_]*|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Integer();

    [GeneratedRegex(@"^(?:[-+]?[0-9][0-9_]*\.[0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?[0-9][0-9_]*[eE][-+]?[0-9]+|\.[0-9][0-9_]*(?:[eE][-+]?[0-9]+)?|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Float();

    [GeneratedRegex(@"^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$",
        RegexOptions.CultureInvariant)]
    private static partial Regex Timestamp();
}
