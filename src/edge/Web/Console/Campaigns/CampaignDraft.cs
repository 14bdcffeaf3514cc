using System.Globalization;
using FirstCome.Contracts.Campaigns;
using FirstCome.Web.Console.Parts;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Campaigns;

/// <summary>What stands in the fields of the editor, and its checks: CouponService's rules as far as one field tells them. The service judges again and has the last word.</summary>
internal sealed class CampaignDraft
{
    public const int NameMax = 200, DescriptionMax = 4_000, QuotaMax = 10_000_000, PerMemberMax = 100, DaysMax = 3_650, WindowDaysMax = 366, ConditionsMax = 16;

    // Instants are whole milliseconds; a browser leaves out what is zero.
    private const string MinuteFormat = "yyyy-MM-ddTHH:mm", Format = "yyyy-MM-ddTHH:mm:ss.FFF";

    public string NameKo { get; set; } = "";
    public string NameEn { get; set; } = "";
    public string DescriptionKo { get; set; } = "";
    public string DescriptionEn { get; set; } = "";
    public int? Quota { get; set; } = 100;
    public int? PerMember { get; set; } = 1;
    /// <summary>In Korea's time, as a browser's field gives it.</summary>
    public string OpensAt { get; set; } = "";
    public string ClosesAt { get; set; } = "";
    public string TimeZone { get; set; } = "Asia/Seoul";
    public string Kind { get; set; } = Benefit.AmountKind;
    public string Currency { get; set; } = "KRW";
    /// <summary>Money as people write it, in whole units of the currency with its decimals.</summary>
    public string Amount { get; set; } = "5,000";
    public int? Percent { get; set; } = 10;
    public string Cap { get; set; } = "";
    public string MinimumOrder { get; set; } = "";
    public string GiftKo { get; set; } = "";
    public string GiftEn { get; set; } = "";
    public int? Days { get; set; } = 30;
    public string Until { get; set; } = "";
    public string Group { get; set; } = "";
    public bool Rehearsal { get; set; }
    public bool ReleaseCancelled { get; set; }
    /// <summary>The conditions on who may claim, in their order.</summary>
    public List<ConditionDraft> Audience { get; } = [];

    public static CampaignDraft Of(CampaignView campaign)
    {
        var benefit = campaign.Benefit;
        var draft = new CampaignDraft
        {
            NameKo = campaign.Name.Ko,
            NameEn = campaign.Name.En,
            DescriptionKo = campaign.Description.Ko,
            DescriptionEn = campaign.Description.En,
            Quota = campaign.Quota,
            PerMember = campaign.PerMember,
            OpensAt = Told(campaign.OpensAt),
            ClosesAt = Told(campaign.ClosesAt),
            TimeZone = campaign.TimeZone,
            Kind = benefit.Kind,
            Currency = (benefit.Amount ?? benefit.Cap ?? benefit.MinimumOrder)?.Currency ?? "KRW",
            Amount = Typed(benefit.Amount),
            Percent = benefit.Percent,
            Cap = Typed(benefit.Cap),
            MinimumOrder = Typed(benefit.MinimumOrder),
            GiftKo = benefit.Name?.Ko ?? "",
            GiftEn = benefit.Name?.En ?? "",
            Days = campaign.Validity.Days,
            Until = campaign.Validity.Until is { } until ? Told(until) : "",
            Group = campaign.Group ?? "",
            Rehearsal = campaign.Rehearsal,
            ReleaseCancelled = campaign.ReleaseCancelled,
        };
        draft.Audience.AddRange(campaign.Audience.Select(ConditionDraft.Of));
        return draft;
    }

    /// <summary>What is wrong, as keys of texts by the API's name of the field.</summary>
    public IReadOnlyDictionary<string, string> Check()
    {
        var wrong = new Dictionary<string, string>();
        Need("name.ko", NameKo.Trim().Length is > 0 and <= NameMax, "check.name");
        Need("name.en", NameEn.Trim().Length is > 0 and <= NameMax, "check.name");
        Need("description.ko", DescriptionKo.Length <= DescriptionMax, "check.description");
        Need("description.en", DescriptionEn.Length <= DescriptionMax, "check.description");
        Need("quota", Quota is >= 1 and <= QuotaMax, "check.quota");
        Need("perMember", PerMember is >= 1 and <= PerMemberMax, "check.perMember");
        var (opens, closes) = (Instant(OpensAt), Instant(ClosesAt));
        Need("opensAt", opens is not null, "check.instant");
        Need("closesAt", closes is not null, "check.instant");
        if (opens is not null && closes is not null)
        {
            Need("closesAt", closes > opens, "check.closesLater");
            Need("closesAt", closes - opens <= TimeSpan.FromDays(WindowDaysMax), "check.window");
        }
        Need("benefit.amount", Kind != Benefit.AmountKind || Of(Amount) is not null, "check.amount");
        Need("benefit.cap", Kind != Benefit.PercentKind || Cap.Trim().Length == 0 || Of(Cap) is not null, "check.amount");
        Need("benefit.minimumOrder", MinimumOrder.Trim().Length == 0 || Of(MinimumOrder) is not null, "check.amount");
        Need(ShownFields.Currency, Currency.Length == 3 && Currency.All(char.IsAsciiLetterUpper), "check.currency");
        Need("timeZone", TimeZone.Trim().Length > 0, "check.timeZone");
        Need("benefit.percent", Kind != Benefit.PercentKind || Percent is >= 1 and <= 100, "check.percent");
        Need("benefit.name.ko", Kind != Benefit.GiftKind || GiftKo.Trim().Length is > 0 and <= NameMax, "check.name");
        Need("benefit.name.en", Kind != Benefit.GiftKind || GiftEn.Trim().Length is > 0 and <= NameMax, "check.name");
        Need("validity", (Days is null) != (Until.Length == 0), "check.validity");
        Need("validity", Days is null or >= 1 and <= DaysMax, "check.days");
        Need("validity.until", Until.Length == 0 || closes is null || Instant(Until) > closes, "check.until");
        Need("group", Group.Length <= 64 && Group.All(letter => letter is (>= 'a' and <= 'z') or (>= '0' and <= '9') or '-'), "check.group");
        Need("group", Group.Length > 0 || Audience.All(condition => condition.Kind != AudienceCondition.FirstInGroupKind), "check.groupNeeded");
        CheckAudience();
        return wrong;

        void CheckAudience()
        {
            for (var i = 0; i < Audience.Count; i++)
            {
                var kind = Audience[i].Kind;
                Need($"audience[{i}].kind", kind == AudienceCondition.TagKind || Audience.Take(i).All(earlier => earlier.Kind != kind), "check.kindTwice");
                foreach (var (member, key) in Audience[i].Check()) { Need($"audience[{i}].{member}", false, key); }
            }
        }

        void Need(string field, bool isRight, string key) { if (!isRight) { wrong.TryAdd(field, key); } }
    }

    /// <summary>What is sent; call it only when <see cref="Check"/> finds nothing.</summary>
    public Dictionary<string, object?> ToBody(bool isNew)
    {
        var body = new Dictionary<string, object?>
        {
            ["name"] = new LocalizedText(NameKo, NameEn),
            ["description"] = new LocalizedText(DescriptionKo, DescriptionEn),
            ["quota"] = Quota,
            ["perMember"] = PerMember,
            ["opensAt"] = Instant(OpensAt),
            ["closesAt"] = Instant(ClosesAt),
            ["timeZone"] = TimeZone,
            ["benefit"] = ToBenefit(),
            ["validity"] = ToValidity(),
            ["audience"] = Audience.ConvertAll(condition => condition.ToCondition()),
            ["releaseCancelled"] = ReleaseCancelled,
        };
        if (Group.Length > 0 || !isNew) { body["group"] = Group.Length > 0 ? Group : null; }
        if (isNew) { body["rehearsal"] = Rehearsal; }
        return body;
    }

    /// <summary>An instant out of a browser's field; null where it is none.</summary>
    public static DateTimeOffset? Instant(string text) =>
        DateTime.TryParseExact(text, [MinuteFormat, Format], CultureInfo.InvariantCulture, DateTimeStyles.None, out var local) ? ConsoleTexts.FromKorea(local).ToUniversalTime() : null;

    public static string Told(DateTimeOffset at) => ConsoleTexts.InKorea(at).ToString(Format, CultureInfo.InvariantCulture);

    public Benefit ToBenefit() => new(
        Kind, Kind == Benefit.AmountKind ? Of(Amount) : null, Kind == Benefit.PercentKind ? Percent : null, Kind == Benefit.PercentKind ? Of(Cap) : null,
        Kind == Benefit.GiftKind ? new LocalizedText(GiftKo, GiftEn) : null, Of(MinimumOrder));

    /// <summary>As far as it can be read; neither of both where nothing can.</summary>
    public Validity ToValidity() => new(Until.Length > 0 ? Instant(Until) : null, Until.Length > 0 ? null : Days);

    private Money? Of(string typed) => Amounts.Read(typed, Currency);

    private static string Typed(Money? money) => money is { } known ? Amounts.Number(known) : "";
}
