using System.Globalization;
using FirstCome.Contracts.Campaigns;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Parts;

/// <summary>Money as people write it: grouped, with the decimals that its currency has.</summary>
internal static class Amounts
{
    private static readonly HashSet<string> s_whole = new(["KRW", "JPY", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "PYG", "UGX", "RWF", "DJF", "GNF", "KMF", "VUV", "BIF"], StringComparer.Ordinal);

    private static readonly HashSet<string> s_threeDigits = new(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"], StringComparer.Ordinal);

    private static readonly Dictionary<string, string> s_signs = new(StringComparer.Ordinal) { ["KRW"] = "₩", ["USD"] = "$", ["EUR"] = "€", ["JPY"] = "¥", ["GBP"] = "£" };

    // Far above any coupon or order, and what it comes to in any minor unit is still a number.
    private const decimal UnitsMax = 1_000_000_000_000m;

    public static int DecimalsOf(string currency) => s_whole.Contains(currency) ? 0 : s_threeDigits.Contains(currency) ? 3 : 2;

    /// <summary>
    /// As the members' pages write it: in Korean won stand after their number, every other currency before it, by its sign where everybody knows that. No line ends within it.
    /// </summary>
    public static string In(Money money, string language) => (money.Currency, s_signs.TryGetValue(money.Currency, out var sign)) switch
    {
        ("KRW", _) when language == ConsoleTexts.Korean => $"{Number(money)}원",
        (_, true) => sign + Number(money),
        _ => $"{money.Currency}\u00A0{Number(money)}",
    };

    /// <summary>The number alone, as a field shows it and <see cref="Read"/> takes it.</summary>
    public static string Number(Money money)
    {
        var decimals = DecimalsOf(money.Currency);
        return (money.Minor / MinorPerUnit(decimals)).ToString($"N{decimals}", CultureInfo.InvariantCulture);
    }

    /// <summary>Reads what a person typed; null where it is no amount above zero of this currency.</summary>
    public static Money? Read(string? typed, string currency)
    {
        var text = typed?.Replace(",", "", StringComparison.Ordinal).Trim();
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)) { return null; }
        if (amount >= UnitsMax) { return null; }
        var minor = amount * MinorPerUnit(DecimalsOf(currency));
        return minor > 0 && minor == decimal.Truncate(minor) ? new Money(currency, (long)minor) : null;
    }

    private static decimal MinorPerUnit(int decimals) => decimals switch { 0 => 1, 2 => 100, _ => 1_000 };
}
