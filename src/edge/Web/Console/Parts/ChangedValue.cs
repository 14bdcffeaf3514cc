using System.Text.Json;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Parts;

/// <summary>What a trail kept of a field before or after a change, in words.</summary>
internal static class ChangedValue
{
    private const int LengthMax = 120;

    /// <summary>A field as it stood; a dash where it did not stand.</summary>
    /// <param name="own">The words that only this trail has for a value; null for those of everybody.</param>
    public static string Of(JsonElement? document, string field, ConsoleTexts texts, Func<JsonElement, string?>? own = null)
    {
        if (document is not { ValueKind: JsonValueKind.Object } known || !known.TryGetProperty(field, out var value)) { return "–"; }
        var text = Words(value, texts, own);
        return text.Length <= LengthMax ? text : text[..LengthMax] + "…";
    }

    private static string Words(JsonElement value, ConsoleTexts texts, Func<JsonElement, string?>? own) => own?.Invoke(value) ?? value.ValueKind switch
    {
        JsonValueKind.Null => "–",
        JsonValueKind.String when value.GetString() is { Length: 0 } => "–",
        JsonValueKind.True => texts["yes"],
        JsonValueKind.False => texts["no"],
        JsonValueKind.Number when value.TryGetInt64(out var number) => texts.Number(number),
        JsonValueKind.String => ConsoleTexts.WithInstants(value.GetString()!),
        JsonValueKind.Array when value.GetArrayLength() == 0 => "–",
        JsonValueKind.Array => string.Join(value[0].ValueKind == JsonValueKind.Object ? "; " : ", ", value.EnumerateArray().Select(item => Words(item, texts, own))),
        JsonValueKind.Object => string.Join(", ", value.EnumerateObject().Select(field => $"{field.Name} {Words(field.Value, texts, own)}")),
        _ => value.GetRawText(),
    };
}
