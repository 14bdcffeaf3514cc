using System.Globalization;

namespace FirstCome.ConfigServer.Documents;

/// <summary>A value as it goes out: text, or a number or truth value in its JSON spelling.</summary>
internal readonly record struct SettingValue(string Text, bool IsLiteral)
{
    public static SettingValue Empty { get; } = new("", IsLiteral: false);
}

/// <param name="Key">Flat: dots and <c>[n]</c>.</param>
/// <param name="Origin"><c>line:column</c> of the value in its file, from 1; null for what the server made up.</param>
internal readonly record struct Setting(string Key, SettingValue Value, string? Origin);

/// <summary>One document of a settings file; most files have one.</summary>
internal sealed record SettingsDocument(IReadOnlyList<Setting> Settings);

/// <summary>A settings file that cannot be read as what it claims to be. The message names no values.</summary>
internal sealed class SettingsFileException(string reason, long line) : Exception(reason)
{
    public long Line { get; } = line;
}

/// <summary>Settings in the order in which they were met; a later one takes the place of an earlier one with the same key.</summary>
internal sealed class SettingsCollector
{
    private const int SettingsMax = 20_000;

    private readonly List<Setting> _settings = [];
    private readonly Dictionary<string, int> _places = new(StringComparer.Ordinal);

    public void Put(Setting setting, long line)
    {
        if (_places.TryGetValue(setting.Key, out var place))
        {
            _settings[place] = setting;
            return;
        }
        if (_settings.Count >= SettingsMax)
            throw new SettingsFileException(string.Create(CultureInfo.InvariantCulture, $"more than {SettingsMax} settings in one document"), line);
        _places.Add(setting.Key, _settings.Count);
        _settings.Add(setting);
    }

    public SettingsDocument ToDocument() => new(_settings);
}
