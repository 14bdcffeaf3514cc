using FirstCome.Contracts.Campaigns;
using FirstCome.Web.Console.Parts;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>
/// What members read of a campaign, in their language: the sentences are the members' pages' own, out of their <c>texts.json</c>, and times, numbers and money are written as <c>format.js</c> writes them,
/// in Korea's time.
/// </summary>
internal static class EventWords
{
    private const string Texts = "event.";

    /// <summary>Without what limits it.</summary>
    public static string Of(Benefit benefit, string language) => benefit switch
    {
        { Kind: Benefit.AmountKind, Amount: { } amount } => In(language, "benefit.amount", ("money", Amounts.In(amount, language))),
        { Kind: Benefit.PercentKind } => In(language, "benefit.percent", ("percent", ConsoleTexts.Number(benefit.Percent ?? 0, language))),
        { Kind: Benefit.FreeShippingKind } => In(language, "benefit.freeShipping"),
        { Kind: Benefit.GiftKind, Name: { } name } => In(language, "benefit.gift", ("name", language == ConsoleTexts.Korean ? name.Ko : name.En)),
        _ => benefit.Kind,
    };

    /// <summary>What limits the benefit; empty where nothing does.</summary>
    public static string Limits(Benefit benefit, string language)
    {
        var limits = new List<string>();
        if (benefit.Cap is { } cap) { limits.Add(In(language, "benefit.cap", ("money", Amounts.In(cap, language)))); }
        if (benefit.MinimumOrder is { } least) { limits.Add(In(language, "benefit.minimumOrder", ("money", Amounts.In(least, language)))); }
        return string.Join(" · ", limits);
    }

    public static string Of(Validity validity, string language) => validity.Until is { } until
        ? End(until, language)
        : In(language, validity.Days == 1 ? "validity.day" : "validity.days", ("days", ConsoleTexts.Number(validity.Days ?? 0, language)));

    /// <summary>Which tags are asked for is not told to members.</summary>
    public static string Of(IReadOnlyList<AudienceCondition> audience, string language) =>
        audience.Count == 0 ? In(language, "audience.all") : string.Join(" · ", audience.Select(condition => Of(condition, language)));

    /// <summary>The end of a time in which something is good: where it is midnight, the day before is the last one, and is what people say.</summary>
    public static string End(DateTimeOffset at, string language)
    {
        var local = ConsoleTexts.InKorea(at);
        return local.TimeOfDay == TimeSpan.Zero ? local.AddDays(-1).ToString(language == ConsoleTexts.Korean ? "yyyy. M. d." : "MMM d, yyyy", ConsoleTexts.CultureOf(language)) : Time(at, language);
    }

    public static string Time(DateTimeOffset at, string language) =>
        ConsoleTexts.InKorea(at).ToString(language == ConsoleTexts.Korean ? "yyyy. M. d. tt h:mm" : "MMM d, yyyy, h:mm tt", ConsoleTexts.CultureOf(language));

    /// <summary>A sentence of the members' pages.</summary>
    public static string In(string language, string key, params (string Place, string Value)[] values)
    {
        var text = ConsoleTexts.All[Texts + key];
        return values.Aggregate(language == ConsoleTexts.Korean ? text.Ko : text.En, (sentence, value) => sentence.Replace($"{{{value.Place}}}", value.Value, StringComparison.Ordinal));
    }

    private static string Of(AudienceCondition condition, string language) => condition switch
    {
        { Kind: AudienceCondition.GradeKind } => In(language, "audience.grade", ("values", string.Join(", ", condition.AnyOf ?? []))),
        { Kind: AudienceCondition.MemberSinceKind, Before: { } before, After: { } after } => In(language, "audience.memberSince.between", ("after", Time(after, language)), ("before", Time(before, language))),
        { Kind: AudienceCondition.MemberSinceKind, Before: { } before } => In(language, "audience.memberSince.before", ("time", Time(before, language))),
        { Kind: AudienceCondition.MemberSinceKind, After: { } after } => In(language, "audience.memberSince.after", ("time", Time(after, language))),
        { Kind: AudienceCondition.TagKind or AudienceCondition.BirthMonthKind or AudienceCondition.ListKind or AudienceCondition.FirstInGroupKind } => In(language, "audience." + condition.Kind),
        _ => condition.Kind,
    };
}
