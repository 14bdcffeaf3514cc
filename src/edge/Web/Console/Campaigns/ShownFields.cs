using FirstCome.Contracts.Campaigns;
using FirstCome.Web.Console.Calls;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>The fields that a campaign's form shows, and so can tell an error of.</summary>
internal static class ShownFields
{
    /// <summary>One field of the form stands for the currency of all of a benefit's money.</summary>
    public const string Currency = "benefit.currency";

    private static readonly string[] s_always =
    [
        "name.ko", "name.en", "description.ko", "description.en", "quota", "perMember", "opensAt", "closesAt", "timeZone", "group",
        "benefit.kind", "benefit.minimumOrder", Currency, "validity", "validity.until",
    ];

    /// <summary>The fields of the form that can tell an error, by the API's names, as the draft stands.</summary>
    public static HashSet<string> Of(CampaignDraft draft)
    {
        var shown = new HashSet<string>(s_always, StringComparer.Ordinal);
        string[] ofKind = draft.Kind switch
        {
            Benefit.AmountKind => ["benefit.amount"],
            Benefit.PercentKind => ["benefit.percent", "benefit.cap"],
            Benefit.GiftKind => ["benefit.name.ko", "benefit.name.en"],
            _ => [],
        };
        shown.UnionWith(ofKind);
        for (var i = 0; i < draft.Audience.Count; i++)
        {
            var condition = draft.Audience[i];
            shown.Add($"audience[{i}].kind");
            if (condition.TakesAnyOf) { shown.Add($"audience[{i}].anyOf"); }
            if (condition.TakesNoneOf) { shown.Add($"audience[{i}].noneOf"); }
            if (condition.TakesInstants) { shown.UnionWith([$"audience[{i}].before", $"audience[{i}].after"]); }
        }
        return shown;
    }

    /// <summary>Shares out what a service found wrong with the draft.</summary>
    public static (Dictionary<string, string> AtFields, Dictionary<string, string[]> Elsewhere) Place(IReadOnlyDictionary<string, string[]> errors, CampaignDraft draft) =>
        PlacedErrors.Of(errors, Of(draft), field => field.StartsWith("benefit.", StringComparison.Ordinal) && field.EndsWith(".currency", StringComparison.Ordinal) ? Currency : null);
}
