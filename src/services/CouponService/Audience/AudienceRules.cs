using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Campaigns;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Audience;

/// <summary>What makes the conditions on who may claim valid. How they are judged is IssueService's. Grades and tags are no longer than UserService lets them be.</summary>
internal static class AudienceRules
{
    public const int ConditionsMax = 16, ValuesMax = 50, ValueLengthMax = 30;
    private const string Field = "audience";
    private const string Kinds =
        $"{AudienceCondition.GradeKind}, {AudienceCondition.MemberSinceKind}, {AudienceCondition.TagKind}, {AudienceCondition.BirthMonthKind}, {AudienceCondition.ListKind} or {AudienceCondition.FirstInGroupKind}";

    /// <summary>The conditions as given, their texts cleaned; of no use where <paramref name="errors"/> got something.</summary>
    public static IReadOnlyList<AudienceCondition> Read(IReadOnlyList<AudienceConditionInput?> given, FieldErrors errors)
    {
        if (given.Count > ConditionsMax) { errors.Add(Field, $"must have at most {ConditionsMax} conditions"); return []; }
        var conditions = new List<AudienceCondition>(given.Count);
        for (var i = 0; i < given.Count; i++)
        {
            var field = $"{Field}[{i}]";
            if (given[i] is not { } input) { errors.Add(field, "must not be null"); continue; }
            var condition = ReadOne(input, field, errors);
            // Several conditions on tags make sense together; of any other kind a second one says the same or contradicts the first.
            if (condition.Kind is not (AudienceCondition.TagKind or "") && conditions.Any(other => other.Kind == condition.Kind)) { errors.Add($"{field}.kind", $"must not be {condition.Kind} a second time"); }
            conditions.Add(condition);
        }
        return conditions;
    }

    private static AudienceCondition ReadOne(AudienceConditionInput given, string field, FieldErrors errors)
    {
        var (takesAnyOf, takesNoneOf, takesInstants) = given.Kind switch
        {
            AudienceCondition.GradeKind => (true, false, false),
            AudienceCondition.TagKind => (true, true, false),
            AudienceCondition.MemberSinceKind => (false, false, true),
            _ => (false, false, false),
        };
        if (given.Kind is not (AudienceCondition.GradeKind or AudienceCondition.TagKind or AudienceCondition.MemberSinceKind or AudienceCondition.BirthMonthKind or AudienceCondition.ListKind or AudienceCondition.FirstInGroupKind))
        {
            errors.Add($"{field}.kind", given.Kind is null ? $"is required: {Kinds}" : $"must be {Kinds}");
            return new AudienceCondition("");
        }
        Refuse(takesAnyOf, given.AnyOf is not null, "anyOf");
        Refuse(takesNoneOf, given.NoneOf is not null, "noneOf");
        Refuse(takesInstants, given.Before is not null, "before");
        Refuse(takesInstants, given.After is not null, "after");
        if (takesInstants) { return MemberSince(given, field, errors); }
        if (!takesAnyOf) { return new AudienceCondition(given.Kind); }
        if (given.AnyOf is null && given.NoneOf is null) { errors.Add($"{field}.anyOf", takesNoneOf ? "is required, or noneOf" : $"is required for kind {given.Kind}"); }
        return new AudienceCondition(given.Kind, takesAnyOf ? Values(given.AnyOf, $"{field}.anyOf", errors) : null, takesNoneOf ? Values(given.NoneOf, $"{field}.noneOf", errors) : null);

        void Refuse(bool isTaken, bool isGiven, string member)
        {
            if (isGiven && !isTaken) { errors.Add($"{field}.{member}", $"is not for kind {given.Kind}: leave it out"); }
        }
    }

    private static AudienceCondition MemberSince(AudienceConditionInput given, string field, FieldErrors errors)
    {
        var before = CampaignRules.Instant(given.Before, $"{field}.before", errors);
        var after = CampaignRules.Instant(given.After, $"{field}.after", errors);
        if (before is null && after is null) { errors.Add($"{field}.before", "is required, or after"); }
        if (before <= after) { errors.Add($"{field}.before", "must be later than after, else nobody is meant"); }
        return new AudienceCondition(AudienceCondition.MemberSinceKind, Before: before, After: after);
    }

    private static List<string>? Values(IReadOnlyList<string?>? given, string field, FieldErrors errors)
    {
        if (given is null) { return null; }
        if (given.Count is 0 or > ValuesMax) { errors.Add(field, $"must have 1 to {ValuesMax} values"); return null; }
        var values = new List<string>(given.Count);
        for (var i = 0; i < given.Count; i++)
        {
            var value = RequestText.Clean(given[i], 1, ValueLengthMax, errors, $"{field}[{i}]");
            if (!values.Contains(value, StringComparer.Ordinal)) { values.Add(value); }
        }
        return values;
    }
}
