using FirstCome.Contracts.Campaigns;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>One condition on who may claim, as its row in the editor holds it. Values stand one to a line: within a value there may be a comma, but no line feed.</summary>
internal sealed class ConditionDraft
{
    /// <summary>CouponService's bounds.</summary>
    public const int ValuesMax = 50, ValueLengthMax = 30;

    public static readonly string[] Kinds =
    [
        AudienceCondition.GradeKind, AudienceCondition.TagKind, AudienceCondition.MemberSinceKind, AudienceCondition.BirthMonthKind, AudienceCondition.ListKind, AudienceCondition.FirstInGroupKind,
    ];

    public string Kind { get; set; } = AudienceCondition.TagKind;
    public string AnyOf { get; set; } = "";
    public string NoneOf { get; set; } = "";
    /// <summary>In Korea's time, as a browser's field gives it.</summary>
    public string Before { get; set; } = "";
    public string After { get; set; } = "";

    public bool TakesAnyOf => Kind is AudienceCondition.GradeKind or AudienceCondition.TagKind;

    public bool TakesNoneOf => Kind is AudienceCondition.TagKind;

    public bool TakesInstants => Kind is AudienceCondition.MemberSinceKind;

    public static ConditionDraft Of(AudienceCondition condition) => new()
    {
        Kind = condition.Kind,
        AnyOf = Joined(condition.AnyOf),
        NoneOf = Joined(condition.NoneOf),
        Before = condition.Before is { } before ? CampaignDraft.Told(before) : "",
        After = condition.After is { } after ? CampaignDraft.Told(after) : "",
    };

    /// <summary>What of it its kind takes; what else was typed is left out.</summary>
    public AudienceCondition ToCondition() => new(
        Kind, TakesAnyOf ? Values(AnyOf) : null, TakesNoneOf ? Values(NoneOf) : null,
        TakesInstants ? CampaignDraft.Instant(Before) : null, TakesInstants ? CampaignDraft.Instant(After) : null);

    /// <summary>What is wrong, as keys of texts by the condition's member.</summary>
    public IEnumerable<(string Member, string Key)> Check()
    {
        if (TakesAnyOf && Values(AnyOf) is null && (!TakesNoneOf || Values(NoneOf) is null)) { yield return ("anyOf", "check.values"); }
        if (TakesAnyOf && !AreRight(Values(AnyOf))) { yield return ("anyOf", "check.values"); }
        if (TakesNoneOf && !AreRight(Values(NoneOf))) { yield return ("noneOf", "check.values"); }
        if (!TakesInstants) { yield break; }
        var (before, after) = (CampaignDraft.Instant(Before), CampaignDraft.Instant(After));
        if (before is null && (Before.Length > 0 || after is null)) { yield return ("before", "check.since"); }
        if (after is null && After.Length > 0) { yield return ("after", "check.instant"); }
        if (before <= after) { yield return ("before", "check.beforeLater"); }
    }

    private static bool AreRight(string[]? values) => values is null || (values.Length <= ValuesMax && values.All(value => value.Length <= ValueLengthMax));

    private static string[]? Values(string text) => text.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } values ? values : null;

    private static string Joined(IReadOnlyList<string>? values) => values is null ? "" : string.Join('\n', values);
}
