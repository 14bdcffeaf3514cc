using FirstCome.Contracts.Campaigns;
using FirstCome.ServiceDefaults;

namespace FirstCome.CouponService.Campaigns;

/// <summary>What makes a benefit valid: its kind decides which members it has, and all of its money is in one currency.</summary>
internal static class BenefitRules
{
    private const string Field = "benefit";
    private const string Kinds = $"{Benefit.AmountKind}, {Benefit.PercentKind}, {Benefit.FreeShippingKind} or {Benefit.GiftKind}";

    /// <summary>The benefit as given; of no use where <paramref name="errors"/> got something.</summary>
    public static Benefit Read(BenefitInput given, FieldErrors errors)
    {
        if (given.Kind is not (Benefit.AmountKind or Benefit.PercentKind or Benefit.FreeShippingKind or Benefit.GiftKind))
        {
            errors.Add($"{Field}.kind", given.Kind is null ? $"is required: {Kinds}" : $"must be {Kinds}");
            return new Benefit("");
        }
        var benefit = new Benefit(
            given.Kind,
            Only(Benefit.AmountKind, given.Amount is not null, "amount", isRequired: true) ? Amount(given.Amount, "amount", errors) : null,
            Only(Benefit.PercentKind, given.Percent is not null, "percent", isRequired: true) ? Percent(given.Percent, errors) : null,
            Only(Benefit.PercentKind, given.Cap is not null, "cap", isRequired: false) ? Amount(given.Cap, "cap", errors) : null,
            Only(Benefit.GiftKind, given.Name is not null, "name", isRequired: true) && given.Name is { } name ? CampaignRules.Text(name, 1, CampaignRules.NameLengthMax, $"{Field}.name", errors) : null,
            Amount(given.MinimumOrder, "minimumOrder", errors));
        var currency = (benefit.Amount ?? benefit.Cap)?.Currency;
        if (currency is not null && benefit.MinimumOrder is { } minimum && minimum.Currency != currency)
        {
            errors.Add($"{Field}.minimumOrder.currency", $"must be {currency} as in {(benefit.Amount is null ? "cap" : "amount")}");
        }
        return benefit;

        bool Only(string kind, bool isGiven, string member, bool isRequired)
        {
            if (given.Kind != kind && isGiven) { errors.Add($"{Field}.{member}", $"is for kind {kind} only: leave it out"); }
            if (given.Kind == kind && !isGiven && isRequired) { errors.Add($"{Field}.{member}", $"is required for kind {kind}"); }
            return given.Kind == kind && isGiven;
        }
    }

    private static int? Percent(int? given, FieldErrors errors)
    {
        if (given is < 1 or > 100) { errors.Add($"{Field}.percent", "must be between 1 and 100"); }
        return given;
    }

    private static Money? Amount(MoneyInput? given, string member, FieldErrors errors)
    {
        if (given is null) { return null; }
        var field = $"{Field}.{member}";
        var isCurrency = Currencies.TryGetMinorMax(given.Currency, out var minorMax);
        if (!isCurrency) { errors.Add($"{field}.currency", given.Currency is null ? "is required, for instance KRW" : "must be a currency code of ISO 4217 in capitals, for instance KRW"); }
        if (given.Minor is not { } minor) { errors.Add($"{field}.minor", "is required, in whole minor units"); return null; }
        if (minor < 1 || (isCurrency && minor > minorMax)) { errors.Add($"{field}.minor", isCurrency ? $"must be between 1 and {minorMax}, in minor units of {given.Currency}" : "must be 1 or more"); }
        return new Money(given.Currency ?? "", minor);
    }
}
