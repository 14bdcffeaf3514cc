using System.Runtime.CompilerServices;
using System.Text.Json;

namespace FirstCome.CouponService.Campaigns;

/// <summary>
/// What an operator sends: the whole of a new campaign, or the fields of a change. A field left out keeps its value (or its default); null is for <c>group</c> only, which it removes.
/// Everything is nullable here, so that whatever is wrong can be told field by field; <see cref="CampaignRules"/> judges it.
/// </summary>
internal sealed class CampaignInput
{
    private readonly List<string> _nulls = [];

    /// <summary>Required. 1 to 200 characters in each language.</summary>
    public LocalizedTextInput? Name { get; init => field = Given(value); }

    /// <summary>Required. Up to 4,000 characters in each language.</summary>
    public LocalizedTextInput? Description { get; init => field = Given(value); }

    /// <summary>Required. How many coupons there are, 1 to 10,000,000.</summary>
    public int? Quota { get; init => field = Given(value); }

    /// <summary>How many one member may hold, 1 to 100. Default: 1.</summary>
    public int? PerMember { get; init => field = Given(value); }

    /// <summary>Required. The first instant of the window, between the years 2000 and 2100.</summary>
    public DateTimeOffset? OpensAt { get; init => field = Given(value); }

    /// <summary>Required. The first instant after the window: later than <c>opensAt</c>, by 366 days at most.</summary>
    public DateTimeOffset? ClosesAt { get; init => field = Given(value); }

    /// <summary>IANA name, for <c>validity.days</c> and the condition <c>birthMonth</c>. Default: Asia/Seoul.</summary>
    public string? TimeZone { get; init => field = Given(value); }

    /// <summary>Required.</summary>
    public BenefitInput? Benefit { get; init => field = Given(value); }

    /// <summary>Required.</summary>
    public ValidityInput? Validity { get; init => field = Given(value); }

    /// <summary>Up to 16 conditions, all of which must hold. Default: none.</summary>
    public IReadOnlyList<AudienceConditionInput?>? Audience { get; init => field = Given(value); }

    /// <summary>1 to 64 characters of a-z, 0-9 and hyphen, or null for none. Default: none.</summary>
    public string? Group { get; init { field = value; IsGroupGiven = true; } }

    /// <summary>Whether it is a rehearsal; fixed from the beginning. Default: false.</summary>
    public bool? Rehearsal { get; init => field = Given(value); }

    /// <summary>Whether the place of a cancelled coupon is given out again. Default: false.</summary>
    public bool? ReleaseCancelled { get; init => field = Given(value); }

    /// <summary>Whether <see cref="Group"/> was sent, be it null.</summary>
    internal bool IsGroupGiven { get; private init; }

    /// <summary>Fields that were sent as null and cannot be.</summary>
    internal IReadOnlyList<string> Nulls => _nulls;

    private T? Given<T>(T? value, [CallerMemberName] string property = "")
    {
        if (value is null) { _nulls.Add(JsonNamingPolicy.CamelCase.ConvertName(property)); }
        return value;
    }
}

internal sealed record LocalizedTextInput(string? Ko = null, string? En = null);

/// <param name="Currency">ISO 4217, for instance KRW.</param>
/// <param name="Minor">Whole minor units: won for KRW, cents for USD.</param>
internal sealed record MoneyInput(string? Currency = null, long? Minor = null);

/// <param name="Kind">amount, percent, freeShipping or gift.</param>
/// <param name="Amount">For amount, required.</param>
/// <param name="Percent">For percent, required: 1 to 100.</param>
/// <param name="Cap">For percent: the highest discount.</param>
/// <param name="Name">For gift, required: 1 to 200 characters in each language.</param>
/// <param name="MinimumOrder">The smallest order it applies to; in the currency of the benefit.</param>
internal sealed record BenefitInput(
    string? Kind = null, MoneyInput? Amount = null, int? Percent = null, MoneyInput? Cap = null, LocalizedTextInput? Name = null, MoneyInput? MinimumOrder = null);

/// <summary>Exactly one of the two.</summary>
/// <param name="Until">After the window's end.</param>
/// <param name="Days">1 to 3,650.</param>
internal sealed record ValidityInput(DateTimeOffset? Until = null, int? Days = null);

/// <param name="Kind">grade, memberSince, tag, birthMonth, list or firstInGroup.</param>
/// <param name="AnyOf">For grade (required) and tag: 1 to 50 values of 1 to 30 characters.</param>
/// <param name="NoneOf">For tag: 1 to 50 values of 1 to 30 characters.</param>
/// <param name="Before">For memberSince.</param>
/// <param name="After">For memberSince.</param>
internal sealed record AudienceConditionInput(
    string? Kind = null, IReadOnlyList<string?>? AnyOf = null, IReadOnlyList<string?>? NoneOf = null, DateTimeOffset? Before = null, DateTimeOffset? After = null);
