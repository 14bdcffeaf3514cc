using FirstCome.Contracts.Campaigns;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>Where the service's errors belong: each at its field, or, where the form shows no such field, in a list of their own. None is left out.</summary>
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

    /// <summary>Shares out what a service found wrong: <c>benefit.amount.minor</c> goes to <c>benefit.amount</c>, <c>audience[1].anyOf[3]</c> to <c>audience[1].anyOf</c>.</summary>
    public static (Dictionary<string, string> AtFields, Dictionary<string, string[]> Elsewhere) Place(IReadOnlyDictionary<string, string[]> errors, CampaignDraft draft)
    {
        var shown = Of(draft);
        var (atFields, elsewhere) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string[]>(StringComparer.Ordinal));
        foreach (var (field, words) in errors)
        {
            if (FieldOf(field, shown) is not { } place) { elsewhere[field] = words; continue; }
            var told = string.Join(" ", words);
            atFields[place] = atFields.TryGetValue(place, out var before) ? $"{before} {told}" : told;
        }
        return (atFields, elsewhere);
    }

    private static string? FieldOf(string field, HashSet<string> shown)
    {
        if (field.StartsWith("benefit.", StringComparison.Ordinal) && field.EndsWith(".currency", StringComparison.Ordinal)) { return Currency; }
        for (var place = field; place.Length > 0; place = place[..Math.Max(place.LastIndexOfAny(['.', '[']), 0)])
        {
            if (shown.Contains(place)) { return place; }
        }
        return null;
    }
}
