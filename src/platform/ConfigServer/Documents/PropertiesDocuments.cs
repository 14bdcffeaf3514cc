using System.Globalization;
using System.Text;

namespace FirstCome.ConfigServer.Documents;

/// <summary>Reads a Java <c>.properties</c> file: ISO-8859-1 with <c>\uXXXX</c>, continued lines, documents separated by <c>#---</c>.</summary>
internal sealed class PropertiesDocuments
{
    private readonly string _text;
    private int _at;
    private int _line = 1;
    private int _lineStart;

    private PropertiesDocuments(string text) => _text = text;

    /// <exception cref="SettingsFileException">An escape is broken, or there is more than is allowed.</exception>
    public static IReadOnlyList<SettingsDocument> Read(byte[] content) => new PropertiesDocuments(Encoding.Latin1.GetString(content)).ReadAll();

    private List<SettingsDocument> ReadAll()
    {
        var documents = new List<SettingsDocument>();
        var collector = new SettingsCollector();
        while (_at < _text.Length)
        {
            SkipBlanks();
            if (AtEndOfLine())
            {
                NextLine();
            }
            else if (_text[_at] is '#' or '!')
            {
                if (LineIsSeparator())
                {
                    documents.Add(collector.ToDocument());
                    collector = new SettingsCollector();
                }
                while (!AtEndOfLine())
                    _at++;
                NextLine();
            }
            else
            {
                ReadSetting(collector);
            }
        }
        documents.Add(collector.ToDocument());
        documents.RemoveAll(document => document.Settings.Count == 0);
        return documents;
    }

    private void ReadSetting(SettingsCollector collector)
    {
        var line = _line;
        var key = ReadUntil(isKey: true);
        SkipBlanks();
        if (!AtEndOfLine() && _text[_at] is '=' or ':')
            _at++;
        SkipBlanks();
        // The original has read the line's end by the time it notes where an empty value stands.
        var empty = _at < _text.Length && AtEndOfLine();
        var origin = empty
            ? string.Create(CultureInfo.InvariantCulture, $"{_line + 1}:0")
            : string.Create(CultureInfo.InvariantCulture, $"{_line}:{_at - _lineStart + 1}");
        var value = ReadUntil(isKey: false);
        NextLine();
        if (key.Length > 0)
            collector.Put(new Setting(key, new SettingValue(value, IsLiteral: false), origin), line);
    }

    private string ReadUntil(bool isKey)
    {
        var result = new StringBuilder();
        while (!AtEndOfLine())
        {
            var character = _text[_at];
            if (isKey && character is '=' or ':' or ' ' or '\t' or '\f')
                break;
            _at++;
            if (character != '\\')
                result.Append(character);
            else if (AtEndOfLine())
                ContinueOnNextLine();
            else
                result.Append(ReadEscape());
        }
        return result.ToString();
    }

    private void ContinueOnNextLine()
    {
        NextLine();
        SkipBlanks();
    }

    private char ReadEscape()
    {
        var character = _text[_at++];
        if (character != 'u')
            return character switch { 't' => '\t', 'n' => '\n', 'r' => '\r', 'f' => '\f', _ => character };
        if (_at + 4 > _text.Length || !ushort.TryParse(_text.AsSpan(_at, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code))
            throw new SettingsFileException("\\u wants four hexadecimal digits", _line);
        _at += 4;
        return (char)code;
    }

    private bool LineIsSeparator()
    {
        if (_at != _lineStart || string.CompareOrdinal(_text, _at + 1, "---", 0, 3) != 0)
            return false;
        var rest = _at + 4;
        while (rest < _text.Length && _text[rest] is ' ' or '\t')
            rest++;
        return rest >= _text.Length || _text[rest] is '\r' or '\n';
    }

    private bool AtEndOfLine() => _at >= _text.Length || _text[_at] is '\r' or '\n';

    private void SkipBlanks()
    {
        while (_at < _text.Length && _text[_at] is ' ' or '\t' or '\f')
            _at++;
    }

    private void NextLine()
    {
        if (_at < _text.Length && _text[_at] == '\r')
            _at++;
        if (_at < _text.Length && _text[_at] == '\n')
            _at++;
        _line++;
        _lineStart = _at;
    }
}
