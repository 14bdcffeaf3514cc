using FirstCome.Contracts.Campaigns;
using FirstCome.Web.Console.Parts;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>A campaign's benefit, validity and conditions as sentences in one language, as the event page has them; conditions with their values, which that page leaves out.</summary>
internal static class CampaignWords
{
    public static string Of(Benefit benefit, string language) => string.Join(" · ", new[] { Worth(benefit, language), MinimumOrder(benefit, language) }.OfType<string>());

    /// <summary>What it is worth, without its smallest order.</summary>
    public static string Worth(Benefit benefit, string language) => benefit switch
    {
        { Kind: Benefit.AmountKind, Amount: { } amount } => In(language, "preview.amount", Amount(amount, language)),
        { Kind: Benefit.PercentKind, Cap: { } cap } => $"{In(language, "preview.percent", benefit.Percent ?? 0)} · {In(language, "preview.cap", Amount(cap, language))}",
        { Kind: Benefit.PercentKind } => In(language, "preview.percent", benefit.Percent ?? 0),
        { Kind: Benefit.FreeShippingKind } => In(language, "preview.freeShipping"),
        { Kind: Benefit.GiftKind, Name: { } name } => language == ConsoleTexts.Korean ? name.Ko : name.En,
        _ => benefit.Kind,
    };

    /// <summary>Null where it has none.</summary>
    public static string? MinimumOrder(Benefit benefit, string language) => benefit.MinimumOrder is { } least ? In(language, "preview.minimumOrder", Amount(least, language)) : null;

    public static string Of(Validity validity, string language) => validity.Until is { } until
        ? In(language, "preview.until", ConsoleTexts.Instant(until))
        : In(language, validity.Days == 1 ? "preview.day" : "preview.days", ConsoleTexts.Number(validity.Days ?? 0, language));

    public static string Of(IReadOnlyList<AudienceCondition> audience, string language) =>
        audience.Count == 0 ? In(language, "preview.everybody") : string.Join(" · ", audience.Select(condition => Of(condition, language)));

    /// <summary>As the event page writes it: with the sign of its currency, but for won in Korean.</summary>
    public static string Amount(Money money, string language) =>
        language == ConsoleTexts.Korean && money.Currency == "KRW" ? $"{Amounts.Number(money)}원" : Amounts.Sign(money);

    private static string Of(AudienceCondition condition, string language)
    {
        var parts = new List<string>();
        if (condition.AnyOf is { Count: > 0 } any) { parts.Add(In(language, "preview.anyOf", Joined(any))); }
        if (condition.NoneOf is { Count: > 0 } none) { parts.Add(In(language, "preview.noneOf", Joined(none))); }
        if (condition.After is { } after) { parts.Add(In(language, "preview.after", ConsoleTexts.Instant(after))); }
        if (condition.Before is { } before) { parts.Add(In(language, "preview.before", ConsoleTexts.Instant(before))); }
        var name = ConsoleTexts.All.ContainsKey("condition." + condition.Kind) ? In(language, "condition." + condition.Kind) : condition.Kind;
        return parts.Count == 0 ? name : $"{name} {string.Join(", ", parts)}";
    }

    private static string Joined(IReadOnlyList<string> values) => string.Join(", ", values);

    private static string In(string language, string key, params object[] values) => ConsoleTexts.In(language, key, values);
}
