using FirstCome.Contracts.Campaigns;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>A campaign's benefit, validity and conditions as its trail tells them to operators: in the members' sentences where these say all, and with the exact instants and the values that those leave out.</summary>
internal static class CampaignWords
{
    public static string Of(Benefit benefit, string language) => string.Join(" · ", new[] { EventWords.Of(benefit, language), EventWords.Limits(benefit, language) }.Where(words => words.Length > 0));

    public static string Of(Validity validity, string language) => validity.Until is { } until ? ConsoleTexts.Instant(until) : EventWords.Of(validity, language);

    public static string Of(IReadOnlyList<AudienceCondition> audience, string language) =>
        audience.Count == 0 ? EventWords.Of(audience, language) : string.Join(" · ", audience.Select(condition => Of(condition, language)));

    private static string Of(AudienceCondition condition, string language)
    {
        var parts = new List<string>();
        if (condition.AnyOf is { Count: > 0 } any) { parts.Add(In(language, "trail.anyOf", Joined(any))); }
        if (condition.NoneOf is { Count: > 0 } none) { parts.Add(In(language, "trail.noneOf", Joined(none))); }
        if (condition.After is { } after) { parts.Add(In(language, "trail.after", ConsoleTexts.Instant(after))); }
        if (condition.Before is { } before) { parts.Add(In(language, "trail.before", ConsoleTexts.Instant(before))); }
        var name = ConsoleTexts.All.ContainsKey("condition." + condition.Kind) ? In(language, "condition." + condition.Kind) : condition.Kind;
        return parts.Count == 0 ? name : $"{name} {string.Join(", ", parts)}";
    }

    private static string Joined(IReadOnlyList<string> values) => string.Join(", ", values);

    private static string In(string language, string key, params object[] values) => ConsoleTexts.In(language, key, values);
}
