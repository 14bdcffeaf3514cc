using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using FirstCome.ConfigServer.Documents;

namespace FirstCome.ConfigServer.TextFormats;

/// <summary>
/// Writes a tree of settings as YAML in the original's style: blocks, quotes only where a plain scalar would be read as something else, text of
/// several lines as <c>|</c>. Long lines are not folded.
/// </summary>
internal static partial class YamlText
{
    /// <summary>Breaks that no other style keeps, and what an editor would hide.</summary>
    private static readonly SearchValues<char> WantEscapes = SearchValues.Create("\t\r\u0085\u2028\u2029\uFEFF");

    public static string Render(OrderedDictionary<string, object> tree, Placeholders? placeholders)
    {
        if (tree.Count == 0)
            return "{}\n";
        var yaml = new StringBuilder();
        WriteMap(yaml, tree, 0, placeholders);
        return yaml.ToString();
    }

    private static void WriteMap(StringBuilder yaml, OrderedDictionary<string, object> map, int indent, Placeholders? placeholders)
    {
        var first = true;
        foreach (var (key, value) in map)
        {
            // The first key of a map within a list stands on the line of its dash.
            if (!first || !EndsWithDash(yaml))
                yaml.Append(' ', indent);
            first = false;
            yaml.Append(Scalar(key, indent, isKey: true, keepPlain: false)).Append(':');
            WriteValue(yaml, value, indent, placeholders);
        }
    }

    private static void WriteValue(StringBuilder yaml, object? value, int indent, Placeholders? placeholders)
    {
        switch (value)
        {
            case OrderedDictionary<string, object> map:
                yaml.Append('\n');
                WriteMap(yaml, map, indent + 2, placeholders);
                break;
            case List<object?> list:
                yaml.Append('\n');
                WriteList(yaml, list, indent, placeholders);
                break;
            default:
                yaml.Append(' ').Append(Scalar(value, indent, placeholders)).Append('\n');
                break;
        }
    }

    private static void WriteList(StringBuilder yaml, List<object?> list, int indent, Placeholders? placeholders)
    {
        var first = true;
        foreach (var item in list)
        {
            if (!first || !EndsWithDash(yaml))
                yaml.Append(' ', indent);
            first = false;
            yaml.Append("- ");
            if (item is OrderedDictionary<string, object> map)
                WriteMap(yaml, map, indent + 2, placeholders);
            else if (item is List<object?> inner)
                WriteList(yaml, inner, indent + 2, placeholders);
            else
                yaml.Append(Scalar(item, indent, placeholders)).Append('\n');
        }
    }

    private static bool EndsWithDash(StringBuilder yaml) => yaml.Length > 1 && yaml[^1] == ' ' && yaml[^2] == '-';

    private static string Scalar(object? value, int indent, Placeholders? placeholders)
    {
        if (value is not SettingValue setting)
            return "null";
        if (setting.IsLiteral)
            return setting.Text;
        var resolved = placeholders?.Resolve(setting) ?? setting;
        // The original resolves placeholders after it has written the text, so a resolved number reaches clients as a number.
        return Scalar(resolved.Text, indent, isKey: false, keepPlain: resolved.Text != setting.Text);
    }

    private static string Scalar(string text, int indent, bool isKey, bool keepPlain)
    {
        if (text.Any(character => !IsPrintable(character)))
            return $"!!binary |-\n{new string(' ', indent + 2)}{Convert.ToBase64String(Encoding.UTF8.GetBytes(text))}";
        var isText = YamlScalar.TypeOf(text) == YamlType.Text && text != "=";
        if (CanBePlain(text) && (isText || (keepPlain && text.Length > 0)))
            return text;
        var blankAtLineEnd = BlankAtLineEnd().IsMatch(text);
        var severalLines = text.Contains('\n', StringComparison.Ordinal);
        if (text.AsSpan().ContainsAny(WantEscapes) || severalLines && (isKey || blankAtLineEnd))
            return DoubleQuoted(text);
        return severalLines ? Literal(text, indent) : $"'{text.Replace("'", "''", StringComparison.Ordinal)}'";
    }

    private static string Literal(string text, int indent)
    {
        var hint = text[0] is ' ' or '\n' ? "2" : "";
        var chomping = !text.EndsWith('\n') ? "-" : text.Length == 1 || text.EndsWith("\n\n", StringComparison.Ordinal) ? "+" : "";
        var margin = new string(' ', indent + 2);
        var lines = text.Split('\n');
        var count = text.EndsWith('\n') ? lines.Length - 1 : lines.Length;
        return $"|{hint}{chomping}\n{string.Join('\n', lines.Take(count).Select(line => line.Length == 0 ? "" : margin + line))}";
    }

    private static string DoubleQuoted(string text)
    {
        var result = new StringBuilder("\"");
        foreach (var character in text)
        {
            result.Append(character switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\t' => "\\t",
                '\n' => "\\n",
                '\r' => "\\r",
                '\u0085' => "\\N",
                '\u2028' => "\\L",
                '\u2029' => "\\P",
                '\uFEFF' => "\\uFEFF",
                _ => character.ToString(CultureInfo.InvariantCulture),
            });
        }
        return result.Append('"').ToString();
    }

    private static bool CanBePlain(string text)
        => text.Length > 0 && !PlainForbidden().IsMatch(text) && text[0] != '\uFEFF' && !text.StartsWith("---", StringComparison.Ordinal) && !text.StartsWith("...", StringComparison.Ordinal);

    private static bool IsPrintable(char character)
        => character is '\t' or '\n' or '\r' or '\u0085' or (>= ' ' and <= '~') or (>= '\u00A0' and not '\uFFFE' and not '\uFFFF');

    /// <summary>A blank at either end, an indicator in front, <c>: </c> or a colon at the end, <c> #</c>, a break or a tab.</summary>
    [GeneratedRegex(@"^[ #,\[\]{}&*!|>'""%@`]|^[-?:](?: |$)| $|:(?: |$)| #|[\t\r\n\u0085\u2028\u2029]", RegexOptions.CultureInvariant)]
    private static partial Regex PlainForbidden();

    [GeneratedRegex(@" (?:\n|$)", RegexOptions.CultureInvariant)]
    private static partial Regex BlankAtLineEnd();
}
