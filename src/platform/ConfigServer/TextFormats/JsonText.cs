using System.Globalization;
using System.Text;
using FirstCome.ConfigServer.Documents;

namespace FirstCome.ConfigServer.TextFormats;

/// <summary>
/// Writes JSON with the original's escapes, which the framework's writer does not offer: nothing but quotes, backslashes and control characters,
/// and characters beyond the basic plane in Environment answers only.
/// </summary>
internal sealed class JsonText(bool escapeAstral)
{
    private readonly StringBuilder _json = new();

    public JsonText Raw(string json)
    {
        _json.Append(json);
        return this;
    }

    public JsonText Value(SettingValue value) => value.IsLiteral ? Raw(value.Text) : Text(value.Text);

    public JsonText Text(string text)
    {
        _json.Append('"');
        for (var i = 0; i < text.Length; i++)
        {
            var character = text[i];
            switch (character)
            {
                case '"' or '\\':
                    _json.Append('\\').Append(character);
                    break;
                case '\b':
                    _json.Append("\\b");
                    break;
                case '\t':
                    _json.Append("\\t");
                    break;
                case '\n':
                    _json.Append("\\n");
                    break;
                case '\f':
                    _json.Append("\\f");
                    break;
                case '\r':
                    _json.Append("\\r");
                    break;
                case < ' ':
                    Escape(character);
                    break;
                default:
                    if (!char.IsSurrogate(character))
                        _json.Append(character);
                    else if (!escapeAstral && char.IsSurrogatePair(text, Math.Min(i, text.Length - 2)) && char.IsHighSurrogate(character))
                        _json.Append(character).Append(text[++i]);
                    else
                        Escape(character);
                    break;
            }
        }
        _json.Append('"');
        return this;
    }

    public override string ToString() => _json.ToString();

    private void Escape(char character) => _json.Append("\\u").Append(((int)character).ToString("X4", CultureInfo.InvariantCulture));
}
