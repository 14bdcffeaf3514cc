using System.Text.Json;
using FirstCome.Contracts.Campaigns;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>A line of a campaign's history.</summary>
/// <param name="AudienceMembers">How many members the list has that this change brought.</param>
internal sealed record HistoryEntry(
    int Version, string Action, Guid By, DateTimeOffset At, IReadOnlyList<string> Changed, JsonElement? After = null, JsonElement? Before = null, int? AudienceMembers = null)
{
    private const int LengthMax = 120;

    /// <summary>The changed fields that a value can be told of: a list of members has none.</summary>
    public IEnumerable<string> Told => Changed.Where(name => name != "audienceMembers");

    /// <summary>A field as it stood, in the operator's language where it has words; a dash where it did not stand.</summary>
    public static string ValueOf(JsonElement? campaign, string field, ConsoleTexts texts)
    {
        if (campaign is not { ValueKind: JsonValueKind.Object } known || !known.TryGetProperty(field, out var value)) { return "–"; }
        var text = value.ValueKind switch
        {
            JsonValueKind.Null => "–",
            JsonValueKind.True => texts["yes"],
            JsonValueKind.False => texts["no"],
            JsonValueKind.Number when value.TryGetInt64(out var number) => texts.Number(number),
            JsonValueKind.String when field == "state" => StateOf(value.GetString()!, texts),
            JsonValueKind.String when field is "opensAt" or "closesAt" && value.TryGetDateTimeOffset(out var at) => ConsoleTexts.Instant(at),
            JsonValueKind.String => value.GetString()!,
            JsonValueKind.Object when field is "name" or "description" && value.TryGetProperty(texts.Language, out var words) => words.ToString(),
            _ => value.GetRawText(),
        };
        return text.Length <= LengthMax ? text : text[..LengthMax] + "…";
    }

    private static string StateOf(string state, ConsoleTexts texts) => Enum.TryParse<CampaignState>(state, ignoreCase: true, out var known) ? texts["state." + known] : state;
}
