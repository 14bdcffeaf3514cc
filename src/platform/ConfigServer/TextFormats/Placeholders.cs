using System.Text;
using FirstCome.ConfigServer.Documents;
using FirstCome.ConfigServer.Environments;

namespace FirstCome.ConfigServer.TextFormats;

/// <summary>
/// Puts settings in the place of <c>${key}</c> and <c>${key:default}</c>, nested ones too. What is unknown stays as it is. Only settings of the
/// environment are looked up, never the process's own variables.
/// </summary>
internal sealed class Placeholders(ResolvedEnvironment environment)
{
    private const int DepthMax = 10;
    private const int LengthMax = 4 * 1024 * 1024;

    private readonly Dictionary<string, string> _settings = environment.Sources
        .SelectMany(source => source.Settings)
        .GroupBy(setting => setting.Key, StringComparer.Ordinal)
        .ToDictionary(settings => settings.Key, settings => settings.First().Value.Text, StringComparer.Ordinal);

    private int _written;

    public static bool In(string text) => text.Contains("${", StringComparison.Ordinal);

    public string Resolve(string text)
    {
        _written = 0;
        return Resolve(text, 0);
    }

    /// <summary>Numbers and truth values hold no placeholders.</summary>
    public SettingValue Resolve(SettingValue value) => value.IsLiteral || !In(value.Text) ? value : value with { Text = Resolve(value.Text) };

    private string Resolve(string text, int depth)
    {
        // A setting that leads back to itself ends here; so does text that doubles at each step.
        if (depth > DepthMax || !In(text))
            return text;
        var result = new StringBuilder();
        var at = 0;
        while (text.IndexOf("${", at, StringComparison.Ordinal) is >= 0 and var open && Close(text, open + 2) is > 0 and var close)
        {
            result.Append(text, at, open - at).Append(ValueOf(Resolve(text[(open + 2)..close], depth + 1), depth) ?? text[open..(close + 1)]);
            at = close + 1;
            _written += result.Length;
            if (_written > LengthMax)
                break;
        }
        return result.Append(text, at, text.Length - at).ToString();
    }

    private string? ValueOf(string expression, int depth)
    {
        if (_settings.TryGetValue(expression, out var value))
            return Resolve(value, depth + 1);
        var colon = expression.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
            return null;
        return _settings.TryGetValue(expression[..colon], out value) ? Resolve(value, depth + 1) : expression[(colon + 1)..];
    }

    private static int Close(string text, int at)
    {
        for (var open = 0; at < text.Length; at++)
        {
            if (text[at] == '$' && at + 1 < text.Length && text[at + 1] == '{')
            {
                open++;
                at++;
            }
            else if (text[at] == '}' && open-- == 0)
            {
                return at;
            }
        }
        return -1;
    }
}
