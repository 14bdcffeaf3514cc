using System.Globalization;
using System.Text;
using System.Text.Json;

namespace FirstCome.ConfigClient;

/// <summary>One version of the settings, with keys in .NET form.</summary>
internal sealed record SettingsSet(string? Version, DateTimeOffset ReceivedAt, IReadOnlyDictionary<string, string?> Values)
{
    /// <summary>Far above any real set; it keeps a broken server from filling the memory.</summary>
    public const int KeysMax = 20_000;

    public bool SameValuesAs(SettingsSet? other)
        => other is not null && Values.Count == other.Values.Count && Values.All(pair => other.Values.TryGetValue(pair.Key, out var value) && value == pair.Value);
}

/// <summary>Reads an Environment answer of a Spring-Cloud-Config-compatible server.</summary>
internal static class EnvironmentAnswer
{
    private static readonly JsonDocumentOptions JsonLimits = new() { MaxDepth = 32 };

    /// <exception cref="FormatException">The answer is not an Environment.</exception>
    public static SettingsSet Read(ReadOnlyMemory<byte> body, DateTimeOffset now)
    {
        try
        {
            using var document = JsonDocument.Parse(body, JsonLimits);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object || !root.TryGetProperty("propertySources", out var sources) || sources.ValueKind != JsonValueKind.Array)
                throw new FormatException("the answer has no propertySources");
            var version = root.TryGetProperty("version", out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
            return new SettingsSet(version, now, Merge(sources));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half a character in a text is noticed only when it is read.
            throw new FormatException($"the answer is not JSON: {e.Message}", e);
        }
    }

    /// <summary>
    /// Sources come with the highest precedence first. A list is taken whole from the highest source that has it, as Spring's binder does; merging
    /// it index by index would leave the tail of a longer, overridden list behind.
    /// </summary>
    private static Dictionary<string, string?> Merge(JsonElement sources)
    {
        var merged = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        var takenLists = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var source in sources.EnumerateArray())
        {
            if (source.ValueKind != JsonValueKind.Object || !source.TryGetProperty("source", out var values) || values.ValueKind != JsonValueKind.Object)
                throw new FormatException("a property source has no source");
            var lists = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
            foreach (var property in values.EnumerateObject())
                Add(property.Name, property.Value, merged, takenLists, lists);
            takenLists.UnionWith(lists);
        }
        return merged;
    }

    private static void Add(string key, JsonElement value, Dictionary<string, string?> merged, HashSet<string> takenLists, HashSet<string> lists)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Object:
                foreach (var property in value.EnumerateObject())
                    Add($"{key}.{property.Name}", property.Value, merged, takenLists, lists);
                return;
            case JsonValueKind.Array:
                var index = 0;
                foreach (var element in value.EnumerateArray())
                    Add(string.Create(CultureInfo.InvariantCulture, $"{key}[{index++}]"), element, merged, takenLists, lists);
                return;
        }
        if (ListOf(key) is { } list)
        {
            // A higher source may also have set the list to one value, or emptied it.
            if (takenLists.Contains(list) || merged.ContainsKey(DotNetKey(list)))
                return;
            lists.Add(list);
        }
        merged.TryAdd(DotNetKey(key), value.ValueKind switch
        {
            JsonValueKind.String => value.GetString(),
            JsonValueKind.Null => "",
            _ => value.GetRawText(),
        });
        if (merged.Count > SettingsSet.KeysMax)
            throw new FormatException($"the answer has more than {SettingsSet.KeysMax} keys");
    }

    /// <summary>The part before the first <c>[number]</c>, or null when the key stands in no list.</summary>
    private static string? ListOf(string key)
    {
        for (var open = key.IndexOf('['); open >= 0; open = key.IndexOf('[', open + 1))
        {
            var close = key.IndexOf(']', open);
            if (close > open + 1 && key.AsSpan(open + 1, close - open - 1).IndexOfAnyExceptInRange('0', '9') < 0)
                return key[..open];
        }
        return null;
    }

    /// <summary><c>a.b[0].c</c> → <c>a:b:0:c</c>; what stands in brackets is one part, dots included: <c>level[Microsoft.AspNetCore]</c>.</summary>
    internal static string DotNetKey(string key)
    {
        var result = new StringBuilder(key.Length);
        var inBrackets = false;
        foreach (var character in key)
        {
            switch (character)
            {
                case '[' when !inBrackets:
                    inBrackets = true;
                    if (result.Length > 0 && result[^1] != ':')
                        result.Append(':');
                    break;
                case ']' when inBrackets:
                    inBrackets = false;
                    break;
                case '.' when !inBrackets:
                    result.Append(':');
                    break;
                default:
                    result.Append(character);
                    break;
            }
        }
        return result.ToString();
    }
}
