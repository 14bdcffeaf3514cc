using System.Text.Json;
using System.Text.RegularExpressions;
using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Messages;
using FirstCome.CouponService.Audience;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary>What makes a campaign valid, whatever its state. Everything that is wrong is told at once, by field.</summary>
internal static partial class CampaignRules
{
    public const int NameLengthMax = 200, DescriptionLengthMax = 4_000, QuotaMax = 10_000_000, PerMemberMax = 100, ValidityDaysMax = 3_650;
    public const string TimeZoneDefault = "Asia/Seoul";
    public static readonly TimeSpan WindowMax = TimeSpan.FromDays(366);
    public static readonly DateTimeOffset Earliest = new(2000, 1, 1, 0, 0, 0, TimeSpan.Zero), Latest = new(2100, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // A record of the log takes 64 KiB.
    private const int MessageBytesMax = 60 * 1024;
    private const string Required = "is required";

    /// <summary>A new draft; null where <paramref name="errors"/> says what is wrong.</summary>
    public static Campaign? ReadNew(CampaignInput input, Guid id, DateTimeOffset now, FieldErrors errors)
    {
        foreach (var (field, isMissing) in (ReadOnlySpan<(string, bool)>)
        [
            ("name", input.Name is null), ("description", input.Description is null), ("quota", input.Quota is null), ("opensAt", input.OpensAt is null),
            ("closesAt", input.ClosesAt is null), ("benefit", input.Benefit is null), ("validity", input.Validity is null),
        ])
        {
            if (isMissing && !input.Nulls.Contains(field)) { errors.Add(field, Required); }
        }
        var blank = new LocalizedText("", "");
        var empty = new Campaign(
            id, 1, CampaignPhase.Draft, blank, blank, 1, 1, default, default, TimeZoneDefault, new Benefit(""), new Validity(), [], null, input.Rehearsal ?? false, false, 0, now, now);
        return Read(input, empty, errors);
    }

    /// <summary>A campaign with the given fields in place of those it had; null where <paramref name="errors"/> says what is wrong.</summary>
    public static Campaign? ReadChange(CampaignInput input, Campaign campaign, FieldErrors errors) => Read(input, campaign, errors);

    private static Campaign? Read(CampaignInput input, Campaign former, FieldErrors errors)
    {
        foreach (var field in input.Nulls) { errors.Add(field, "must not be null"); }
        var campaign = former with
        {
            Name = input.Name is { } name ? Text(name, 1, NameLengthMax, "name", errors) : former.Name,
            Description = input.Description is { } description ? Text(description, 0, DescriptionLengthMax, "description", errors, multiline: true) : former.Description,
            Quota = Number(input.Quota, former.Quota, 1, QuotaMax, "quota", errors),
            PerMember = Number(input.PerMember, former.PerMember, 1, PerMemberMax, "perMember", errors),
            OpensAt = Instant(input.OpensAt, "opensAt", errors) ?? former.OpensAt,
            ClosesAt = Instant(input.ClosesAt, "closesAt", errors) ?? former.ClosesAt,
            TimeZone = input.TimeZone is { } zone ? Zone(zone, errors) : former.TimeZone,
            Benefit = input.Benefit is { } benefit ? BenefitRules.Read(benefit, errors) : former.Benefit,
            Validity = input.Validity is { } validity ? ReadValidity(validity, errors) : former.Validity,
            Audience = input.Audience is { } audience ? AudienceRules.Read(audience, errors) : former.Audience,
            Group = input.IsGroupGiven ? GroupName(input.Group, errors) : former.Group,
            Rehearsal = input.Rehearsal ?? former.Rehearsal,
            ReleaseCancelled = input.ReleaseCancelled ?? former.ReleaseCancelled,
        };
        JudgeTogether(campaign, errors);
        return errors.Any ? null : campaign;
    }

    // What concerns more than one field, as far as each of them is right in itself.
    private static void JudgeTogether(Campaign campaign, FieldErrors errors)
    {
        var (opens, closes) = (IsRight("opensAt"), IsRight("closesAt"));
        if (opens && closes && campaign.OpensAt >= campaign.ClosesAt) { errors.Add("closesAt", "must be later than opensAt"); }
        else if (opens && closes && campaign.ClosesAt - campaign.OpensAt > WindowMax) { errors.Add("closesAt", $"must be at most {WindowMax.Days} days after opensAt"); }
        if (closes && IsRight("validity") && IsRight("validity.until") && campaign.Validity.Until <= campaign.ClosesAt)
        {
            errors.Add("validity.until", "must be later than closesAt, so that the last coupon can be used");
        }
        if (IsRight("group") && campaign.Group is null && campaign.Audience.Any(condition => condition.Kind == AudienceCondition.FirstInGroupKind))
        {
            errors.Add("group", $"is required by the condition {AudienceCondition.FirstInGroupKind}");
        }
        if (!errors.Any && JsonSerializer.SerializeToUtf8Bytes(new CampaignChanged(campaign), MessageJson.Default.CampaignChanged).Length > MessageBytesMax)
        {
            errors.Add("audience", "is too long together with the texts: shorten it or the description");
        }

        bool IsRight(string field) => !errors.ByField.ContainsKey(field);
    }

    /// <summary>A text in both languages, cleaned.</summary>
    internal static LocalizedText Text(LocalizedTextInput given, int minimum, int maximum, string field, FieldErrors errors, bool multiline = false) =>
        new(Language(given.Ko, minimum, maximum, $"{field}.ko", errors, multiline), Language(given.En, minimum, maximum, $"{field}.en", errors, multiline));

    private static string Language(string? given, int minimum, int maximum, string field, FieldErrors errors, bool multiline)
    {
        if (given is null) { errors.Add(field, Required); return ""; }
        return RequestText.Clean(given, minimum, maximum, errors, field, multiline);
    }

    private static int Number(int? given, int otherwise, int minimum, int maximum, string field, FieldErrors errors)
    {
        if (given is not { } value) { return otherwise; }
        if (value < minimum || value > maximum) { errors.Add(field, $"must be between {minimum} and {maximum}"); }
        return value;
    }

    /// <summary>An instant in whole milliseconds, as the gate and the database keep it.</summary>
    internal static DateTimeOffset? Instant(DateTimeOffset? given, string field, FieldErrors errors)
    {
        if (given is not { } value) { return null; }
        if (value < Earliest || value > Latest) { errors.Add(field, $"must be between {Earliest.Year}-01-01T00:00:00Z and {Latest.Year}-01-01T00:00:00Z"); }
        return DateTimeOffset.FromUnixTimeMilliseconds(value.ToUnixTimeMilliseconds());
    }

    private static string Zone(string given, FieldErrors errors)
    {
        // Names of another system ("Korea Standard Time") are known to TimeZoneInfo too, but not to the other parts.
        if (ZonePattern().IsMatch(given) && TimeZoneInfo.TryFindSystemTimeZoneById(given, out var zone) && zone.HasIanaId) { return zone.Id; }
        errors.Add("timeZone", "must be an IANA time zone, for instance Asia/Seoul");
        return TimeZoneDefault;
    }

    private static Validity ReadValidity(ValidityInput given, FieldErrors errors)
    {
        if (given is { Until: null } == given is { Days: null }) { errors.Add("validity", "must have exactly one of until and days"); }
        if (given.Days is < 1 or > ValidityDaysMax) { errors.Add("validity.days", $"must be between 1 and {ValidityDaysMax}"); }
        return new Validity(Instant(given.Until, "validity.until", errors), given.Days);
    }

    private static string? GroupName(string? given, FieldErrors errors)
    {
        if (given is not null && !GroupPattern().IsMatch(given)) { errors.Add("group", "must have 1 to 64 characters of a-z, 0-9 and hyphen, or be null"); }
        return given;
    }

    [GeneratedRegex(@"^[a-z0-9-]{1,64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex GroupPattern();

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_+-]{0,31}(/[A-Za-z0-9_+-]{1,31}){0,3}\z", RegexOptions.CultureInvariant | RegexOptions.ExplicitCapture)]
    private static partial Regex ZonePattern();
}
