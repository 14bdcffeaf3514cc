using System.Text.Json;
using System.Text.Json.Nodes;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Campaigns;
using FirstCome.ServiceDefaults;

namespace FirstCome.RulesTests.CouponService;

/// <summary>Requests about campaigns, as JSON that a test changes before it is read.</summary>
internal static class CampaignsInputs
{
    public static readonly DateTimeOffset Now = new(2030, 3, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A valid campaign with a window from an hour before <paramref name="now"/> to a day after.</summary>
    public static JsonObject Valid(DateTimeOffset? now = null)
    {
        var at = now ?? Now;
        return new JsonObject
        {
            ["name"] = new JsonObject { ["ko"] = "봄 쿠폰", ["en"] = "Spring coupon" },
            ["description"] = new JsonObject { ["ko"] = "첫 줄\n둘째 줄", ["en"] = "" },
            ["quota"] = 100,
            ["perMember"] = 2,
            ["opensAt"] = at.AddHours(-1),
            ["closesAt"] = at.AddDays(1),
            ["timeZone"] = "Europe/Berlin",
            ["benefit"] = new JsonObject { ["kind"] = "amount", ["amount"] = Money("KRW", 5_000), ["minimumOrder"] = Money("KRW", 10_000) },
            ["validity"] = new JsonObject { ["days"] = 30 },
            ["audience"] = new JsonArray(),
            ["group"] = "spring-2030",
            ["rehearsal"] = false,
            ["releaseCancelled"] = true,
        };
    }

    public static JsonObject Money(string currency, long minor) => new() { ["currency"] = currency, ["minor"] = minor };

    /// <summary>The campaign without one of its fields.</summary>
    public static JsonObject Without(string field)
    {
        var json = Valid();
        json.Remove(field);
        return json;
    }

    /// <summary>Parses JSON text into a request, as the server does.</summary>
    public static CampaignInput Parse(JsonNode json) => JsonSerializer.Deserialize<CampaignInput>(json, ApiJson.Options)!;

    /// <summary>A valid draft.</summary>
    public static Campaign Draft(JsonObject? json = null)
    {
        var errors = new FieldErrors();
        return CampaignRules.ReadNew(Parse(json ?? Valid()), Guid.CreateVersion7(Now), Now, errors)
            ?? throw new InvalidOperationException(string.Join("; ", errors.ByField.Select(field => $"{field.Key} {string.Join(", ", field.Value)}")));
    }

    /// <summary>The fields that are refused, each with its sentences.</summary>
    public static IReadOnlyDictionary<string, List<string>> Errors(JsonNode json)
    {
        var errors = new FieldErrors();
        var campaign = CampaignRules.ReadNew(Parse(json), Guid.CreateVersion7(Now), Now, errors);
        if (campaign is null != errors.Any) { throw new InvalidOperationException("A campaign comes without errors, or errors come without a campaign."); }
        return errors.ByField;
    }
}
