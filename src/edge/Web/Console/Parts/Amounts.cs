using System.Globalization;
using FirstCome.Contracts.Campaigns;

namespace FirstCome.Web.Console.Parts;

/// <summary>Money as people write it: grouped, with the decimals that its currency has.</summary>
internal static class Amounts
{
    private static readonly HashSet<string> s_whole = new(["KRW", "JPY", "VND", "CLP", "ISK", "XAF", "XOF", "XPF", "PYG", "UGX", "RWF", "DJF", "GNF", "KMF", "VUV", "BIF"], StringComparer.Ordinal);

    private static readonly Dictionary<string, string> s_signs = new(StringComparer.Ordinal) { ["KRW"] = "₩", ["USD"] = "$", ["EUR"] = "€", ["JPY"] = "¥", ["GBP"] = "£" };

    public static int DecimalsOf(string currency) => s_whole.Contains(currency) ? 0 : 2;

    public static string Show(Money money) => $"{Number(money)} {money.Currency}";

    /// <summary>With the sign of its currency before it, where it has one that everybody knows.</summary>
    public static string Sign(Money money) => s_signs.TryGetValue(money.Currency, out var sign) ? sign + Number(money) : Show(money);

    private static string Number(Money money)
    {
        var decimals = DecimalsOf(money.Currency);
        return (decimals == 0 ? money.Minor : money.Minor / 100m).ToString($"N{decimals}", CultureInfo.InvariantCulture);
    }

    /// <summary>Reads what a person typed; null where it is no amount above zero of this currency.</summary>
    public static Money? Read(string? typed, string currency)
    {
        var text = typed?.Replace(",", "", StringComparison.Ordinal).Trim();
        if (!decimal.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount)) { return null; }
        var minor = DecimalsOf(currency) == 0 ? amount : amount * 100;
        return minor is > 0 and < 1_000_000_000_000_000m && minor == decimal.Truncate(minor) ? new Money(currency, (long)minor) : null;
    }
}
