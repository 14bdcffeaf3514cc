using System.Globalization;
using System.Text;
using System.Xml;

namespace FirstCome.Eureka.Wire;

/// <summary>
/// Keys of metadata as names of elements, in the code of the Java server (XStream's): <c>_</c> is written <c>__</c>, <c>$</c> is <c>_-</c>, and what
/// no name may hold is <c>_.</c> with four hexadecimal digits.
/// </summary>
internal static class XmlEntryName
{
    private const int Digits = 4;

    public static string Encode(string key)
    {
        var name = new StringBuilder(key.Length);
        foreach (var c in key)
        {
            if (c == '_') name.Append("__");
            else if (c == '$') name.Append("_-");
            else if (name.Length == 0 ? XmlConvert.IsStartNCNameChar(c) : XmlConvert.IsNCNameChar(c)) name.Append(c);
            else name.Append("_.").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
        }

        return name.ToString();
    }

    public static string Decode(string name)
    {
        if (!name.Contains('_')) return name;
        var key = new StringBuilder(name.Length);
        for (var at = 0; at < name.Length; at++)
        {
            var rest = name.AsSpan(at);
            if (rest is ['_', '_', ..]) key.Append('_');
            else if (rest is ['_', '-', ..]) key.Append('$');
            else if (Escaped(rest) is { } c)
            {
                key.Append(c);
                at += Digits;
            }
            else
            {
                key.Append(name[at]);
                continue;
            }

            at++;
        }

        return key.ToString();
    }

    private static char? Escaped(ReadOnlySpan<char> rest) =>
        rest.Length >= 2 + Digits && rest is ['_', '.', ..]
        && ushort.TryParse(rest.Slice(2, Digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)
            ? (char)code
            : null;
}
