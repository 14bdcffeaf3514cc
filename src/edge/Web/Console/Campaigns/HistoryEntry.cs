using System.Text.Json;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>A line of a campaign's history.</summary>
internal sealed record HistoryEntry(int Version, string Action, Guid By, DateTimeOffset At, IReadOnlyList<string> Changed, JsonElement? After = null, JsonElement? Before = null)
{
    private const int LengthMax = 120;

    /// <summary>A field as it stood; a dash where it did not.</summary>
    public static string Told(JsonElement? campaign, string field)
    {
        if (campaign is not { ValueKind: JsonValueKind.Object } known || !known.TryGetProperty(field, out var value)) { return "–"; }
        var text = value.ValueKind == JsonValueKind.String ? value.GetString()! : value.GetRawText();
        return text.Length <= LengthMax ? text : text[..LengthMax] + "…";
    }
}
