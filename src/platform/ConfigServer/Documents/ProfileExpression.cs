namespace FirstCome.ConfigServer.Documents;

/// <summary>
/// <c>spring.config.activate.on-profile</c> of a document: names with <c>!</c>, <c>&amp;</c>, <c>|</c> and parentheses; of a list, one must hold.
/// Mixing <c>&amp;</c> and <c>|</c> without parentheses is an error, as in the original.
/// </summary>
internal sealed class ProfileExpression
{
    private const string Key = "spring.config.activate.on-profile";
    private const string CloudPlatformKey = "spring.config.activate.on-cloud-platform";

    private readonly string _text;
    private readonly IReadOnlyCollection<string> _profiles;
    private int _at;

    private ProfileExpression(string text, IReadOnlyCollection<string> profiles)
    {
        _text = text;
        _profiles = profiles;
    }

    /// <exception cref="SettingsFileException">The expression is broken.</exception>
    public static bool IsActive(SettingsDocument document, IReadOnlyCollection<string> profiles)
    {
        // No cloud platform is ever detected here.
        if (document.Settings.Any(setting => setting.Key == CloudPlatformKey))
            return false;
        var conditions = document.Settings.Where(setting => setting.Key == Key || setting.Key.StartsWith(Key + "[", StringComparison.Ordinal)).ToList();
        return conditions.Count == 0 || conditions.Any(condition => condition.Value.Text
            .Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)
            .Any(expression => Evaluate(expression, profiles, condition.Origin)));
    }

    private static bool Evaluate(string expression, IReadOnlyCollection<string> profiles, string? origin)
    {
        try
        {
            var reader = new ProfileExpression(expression, profiles);
            var result = reader.Terms(0);
            return reader._at == expression.Length ? result : throw new FormatException();
        }
        catch (FormatException)
        {
            var line = int.TryParse(origin?.Split(':')[0], out var number) ? number : 0;
            throw new SettingsFileException($"{Key} is not a profile expression; put parentheses where & and | meet", line);
        }
    }

    private bool Terms(int depth)
    {
        var result = Term(depth);
        char? used = null;
        while (Peek() is '&' or '|')
        {
            var symbol = _text[_at++];
            if (used is { } former && former != symbol)
                throw new FormatException();
            used = symbol;
            var next = Term(depth);
            result = symbol == '&' ? result && next : result || next;
        }
        return result;
    }

    private bool Term(int depth)
    {
        if (depth > 20)
            throw new FormatException();
        switch (Peek())
        {
            case '!':
                _at++;
                return !Term(depth + 1);
            case '(':
                _at++;
                var inner = Terms(depth + 1);
                if (Peek() != ')')
                    throw new FormatException();
                _at++;
                return inner;
        }
        var start = _at;
        while (_at < _text.Length && _text[_at] is not ('&' or '|' or '!' or '(' or ')' or ' '))
            _at++;
        return _at > start ? _profiles.Contains(_text[start.._at]) : throw new FormatException();
    }

    private char? Peek()
    {
        while (_at < _text.Length && _text[_at] == ' ')
            _at++;
        return _at < _text.Length ? _text[_at] : null;
    }
}
