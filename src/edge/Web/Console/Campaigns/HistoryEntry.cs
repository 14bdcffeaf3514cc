using System.Text.Json;
using System.Text.Json.Serialization;
using FirstCome.Contracts.Campaigns;
using FirstCome.ServiceDefaults;
using FirstCome.Web.Console.Parts;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>A line of a campaign's history.</summary>
/// <param name="AudienceMembers">How many members the list has that this change brought.</param>
internal sealed record HistoryEntry(
    int Version, string Action, Guid By, DateTimeOffset At, IReadOnlyList<string> Changed, JsonElement? After = null, JsonElement? Before = null, int? AudienceMembers = null)
{
    private static readonly JsonSerializerOptions s_read = new(ApiJson.Options) { UnmappedMemberHandling = JsonUnmappedMemberHandling.Skip };

    /// <summary>The changed fields with what stood and what stands, in words: a text in the languages in which it differs. A list of members has no words.</summary>
    public IEnumerable<(string Field, string Before, string After)> Changes(ConsoleTexts texts) => Changed.Where(name => name != "audienceMembers").SelectMany(field => field is "name" or "description"
        ? from language in (string[])["Ko", "En"]
          let before = ChangedValue.Of(Within(Before, field), language.ToLowerInvariant(), texts)
          let after = ChangedValue.Of(Within(After, field), language.ToLowerInvariant(), texts)
          where before != after
          select (texts[$"field.{field}{language}"], before, after)
        : [(texts.Known("history.field.", field), ValueOf(Before, field, texts), ValueOf(After, field, texts))]);

    private static JsonElement? Within(JsonElement? campaign, string field) =>
        campaign is { ValueKind: JsonValueKind.Object } known && known.TryGetProperty(field, out var value) ? value : null;

    private static string ValueOf(JsonElement? campaign, string field, ConsoleTexts texts) => ChangedValue.Of(
        campaign, field, texts, value => (field, value.ValueKind) switch
        {
            ("state", JsonValueKind.String) => StateOf(value.GetString()!, texts),
            ("benefit", JsonValueKind.Object) => Read<Benefit>(value) is { } benefit ? CampaignWords.Of(benefit, texts.Language) : null,
            ("validity", JsonValueKind.Object) => Read<Validity>(value) is { } validity ? CampaignWords.Of(validity, texts.Language) : null,
            ("audience", JsonValueKind.Array) => Read<IReadOnlyList<AudienceCondition>>(value) is { } audience ? CampaignWords.Of(audience, texts.Language) : null,
            _ => null,
        });

    // What an earlier version wrote otherwise is told as it stands.
    private static T? Read<T>(JsonElement value) where T : class
    {
        try { return value.Deserialize<T>(s_read); }
        catch (JsonException) { return null; }
    }

    private static string StateOf(string state, ConsoleTexts texts) => Enum.TryParse<CampaignState>(state, ignoreCase: true, out var known) ? texts["state." + known] : state;
}
