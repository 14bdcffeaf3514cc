using System.Text;

namespace FirstCome.Eureka.Wire;

/// <summary>XML as text in the very form of the Java server: two spaces for each level or none at all, empty elements with both tags.</summary>
internal sealed class XmlText(bool indented)
{
    private readonly StringBuilder _text = new(1024);
    private int _depth;

    public void Open(string name, (string Name, string Value)? attribute = null)
    {
        Line();
        Tag(name, attribute).Append('>');
        _depth++;
    }

    public void Close(string name)
    {
        _depth--;
        Line();
        _text.Append("</").Append(name).Append('>');
    }

    public void Element(string name, string value, (string Name, string Value)? attribute = null)
    {
        Line();
        Tag(name, attribute).Append('>');
        Escape(value);
        _text.Append("</").Append(name).Append('>');
    }

    public void Empty(string name, (string Name, string Value)? attribute = null)
    {
        Line();
        Tag(name, attribute).Append("/>");
    }

    public byte[] ToBytes() => Encoding.UTF8.GetBytes(_text.ToString());

    private StringBuilder Tag(string name, (string Name, string Value)? attribute)
    {
        _text.Append('<').Append(name);
        if (attribute is not { } given) return _text;
        _text.Append(' ').Append(given.Name).Append("=\"");
        Escape(given.Value);
        return _text.Append('"');
    }

    private void Line()
    {
        if (indented && _text.Length > 0) _text.Append('\n').Append(' ', 2 * _depth);
    }

    private void Escape(string value)
    {
        foreach (var c in value)
        {
            _ = c switch
            {
                '&' => _text.Append("&amp;"),
                '<' => _text.Append("&lt;"),
                '>' => _text.Append("&gt;"),
                '"' => _text.Append("&quot;"),
                '\'' => _text.Append("&apos;"),
                '\r' => _text.Append("&#xd;"),
                _ => _text.Append(c),
            };
        }
    }
}
