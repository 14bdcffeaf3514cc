using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Campaigns;
using Xunit;
using static FirstCome.RulesTests.CouponService.CampaignsInputs;

namespace FirstCome.RulesTests.CouponService;

/// <summary>What makes a campaign valid; whatever is not is named by its field.</summary>
public sealed class CampaignsRulesTests
{
    [Fact]
    public void A_campaign_is_read_as_it_was_sent()
    {
        var campaign = Draft();
        Assert.Equal((1, CampaignPhase.Draft, "봄 쿠폰", 100, 2, "Europe/Berlin"), (campaign.Version, campaign.Phase, campaign.Name.Ko, campaign.Quota, campaign.PerMember, campaign.TimeZone));
        Assert.Equal(("첫 줄\n둘째 줄", "spring-2030", false, true, 0), (campaign.Description.Ko, campaign.Group, campaign.Rehearsal, campaign.ReleaseCancelled, campaign.AudienceListVersion));
        Assert.Equal(new Benefit("amount", new Money("KRW", 5_000), MinimumOrder: new Money("KRW", 10_000)), campaign.Benefit);
        Assert.Equal(Now.AddHours(-1), campaign.OpensAt);
    }

    [Fact]
    public void What_is_left_out_has_its_default()
    {
        var json = Valid();
        foreach (var field in (string[])["perMember", "timeZone", "audience", "group", "rehearsal", "releaseCancelled"]) { json.Remove(field); }
        var campaign = Draft(json);
        Assert.Equal((1, "Asia/Seoul", null, false, false), (campaign.PerMember, campaign.TimeZone, campaign.Group, campaign.Rehearsal, campaign.ReleaseCancelled));
        Assert.Empty(campaign.Audience);
    }

    [Fact]
    public void Everything_that_is_missing_is_told_at_once() =>
        Assert.Equal(["benefit", "closesAt", "description", "name", "opensAt", "quota", "validity"], Errors(new JsonObject()).Keys.Order());

    [Fact]
    public void What_is_wrong_among_fields_is_told_beside_what_is_wrong_in_one()
    {
        var json = Valid();
        json["quota"] = 0;
        json["group"] = null;
        json["opensAt"] = "2030-03-02T00:00:00Z";
        json["validity"] = new JsonObject { ["until"] = "2030-03-02T00:00:00Z" };
        json["audience"] = JsonNode.Parse("""[{"kind":"firstInGroup"},{"kind":"grade"}]""");
        Assert.Equal(["audience[1].anyOf", "closesAt", "group", "quota", "validity.until"], Errors(json).Keys.Order());
    }

    [Theory]
    [InlineData("name"), InlineData("description"), InlineData("quota"), InlineData("perMember"), InlineData("opensAt"), InlineData("closesAt"), InlineData("timeZone"), InlineData("benefit")]
    [InlineData("validity"), InlineData("audience"), InlineData("rehearsal"), InlineData("releaseCancelled")]
    public void Null_is_refused_by_name(string field)
    {
        var json = Valid();
        json[field] = null;
        Assert.Equal([field], Errors(json).Keys);
    }

    [Fact]
    public void Null_removes_the_group()
    {
        var json = Valid();
        json["group"] = null;
        Assert.Null(Draft(json).Group);
    }

    [Theory]
    [InlineData("name", """{"ko":"가"}""", "name.en")]
    [InlineData("name", """{"ko":"  ","en":"a"}""", "name.ko")]
    [InlineData("name", """{"ko":"가\u0007","en":"a"}""", "name.ko")]
    [InlineData("name", """{"ko":"가\n나","en":"a"}""", "name.ko")]
    [InlineData("name", """{"ko":"가","en":"a\u202eb"}""", "name.en")]
    [InlineData("description", """{"en":"a"}""", "description.ko")]
    [InlineData("quota", "0", "quota")]
    [InlineData("quota", "-1", "quota")]
    [InlineData("quota", "10000001", "quota")]
    [InlineData("perMember", "0", "perMember")]
    [InlineData("perMember", "101", "perMember")]
    [InlineData("opensAt", "\"2030-03-02T00:00:00Z\"", "closesAt")]
    [InlineData("opensAt", "\"2030-03-01T23:59:59.999Z\"", "")]
    [InlineData("opensAt", "\"1999-12-31T23:59:59Z\"", "opensAt")]
    [InlineData("closesAt", "\"2100-01-01T00:00:01Z\"", "closesAt")]
    [InlineData("closesAt", "\"9999-12-31T23:59:59Z\"", "closesAt")]
    [InlineData("closesAt", "\"0001-01-01T00:00:00Z\"", "closesAt")]
    [InlineData("closesAt", "\"2031-03-01T23:00:00.000Z\"", "")]
    [InlineData("closesAt", "\"2031-03-01T23:00:00.001Z\"", "closesAt")]
    [InlineData("timeZone", "\"Asia/Pyeongyang\"", "timeZone")]
    [InlineData("timeZone", "\"Korea Standard Time\"", "timeZone")]
    [InlineData("timeZone", "\"../../etc/passwd\"", "timeZone")]
    [InlineData("timeZone", "\"\"", "timeZone")]
    [InlineData("timeZone", "\"UTC\"", "")]
    [InlineData("validity", "{}", "validity")]
    [InlineData("validity", """{"days":1,"until":"2030-04-01T00:00:00Z"}""", "validity")]
    [InlineData("validity", """{"days":0}""", "validity.days")]
    [InlineData("validity", """{"days":3650}""", "")]
    [InlineData("validity", """{"days":3651}""", "validity.days")]
    [InlineData("validity", """{"until":"2030-03-02T00:00:00Z"}""", "validity.until")]
    [InlineData("validity", """{"until":"2030-03-02T00:00:00.001Z"}""", "")]
    [InlineData("group", "\"\"", "group")]
    [InlineData("group", "\"Spring\"", "group")]
    [InlineData("group", "\"a\\n\"", "group")]
    [InlineData("group", "\"1234567890123456789012345678901234567890123456789012345678901234\"", "")]
    [InlineData("group", "\"12345678901234567890123456789012345678901234567890123456789012345\"", "group")]
    public void A_wrong_value_is_refused_by_name(string field, string value, string refused) => AssertErrors(field, value, refused);

    [Theory]
    [InlineData("{}", "benefit.kind")]
    [InlineData("""{"kind":"Amount"}""", "benefit.kind")]
    [InlineData("""{"kind":"amount"}""", "benefit.amount")]
    [InlineData("""{"kind":"amount","amount":{"currency":"KRW"}}""", "benefit.amount.minor")]
    [InlineData("""{"kind":"amount","amount":{"minor":1}}""", "benefit.amount.currency")]
    [InlineData("""{"kind":"amount","amount":{"currency":"krw","minor":1}}""", "benefit.amount.currency")]
    [InlineData("""{"kind":"amount","amount":{"currency":"XXX","minor":1}}""", "benefit.amount.currency")]
    [InlineData("""{"kind":"amount","amount":{"currency":"KRW","minor":0}}""", "benefit.amount.minor")]
    [InlineData("""{"kind":"amount","amount":{"currency":"KRW","minor":-5}}""", "benefit.amount.minor")]
    [InlineData("""{"kind":"amount","amount":{"currency":"KRW","minor":1000000000}}""", "")]
    [InlineData("""{"kind":"amount","amount":{"currency":"KRW","minor":1000000001}}""", "benefit.amount.minor")]
    [InlineData("""{"kind":"amount","amount":{"currency":"USD","minor":100000000000}}""", "")]
    [InlineData("""{"kind":"amount","amount":{"currency":"BHD","minor":1000000000001}}""", "benefit.amount.minor")]
    [InlineData("""{"kind":"amount","amount":{"currency":"KRW","minor":9223372036854775807}}""", "benefit.amount.minor")]
    [InlineData("""{"kind":"amount","amount":{"currency":"KRW","minor":1},"percent":5}""", "benefit.percent")]
    [InlineData("""{"kind":"amount","amount":{"currency":"KRW","minor":1},"cap":{"currency":"KRW","minor":1}}""", "benefit.cap")]
    [InlineData("""{"kind":"amount","amount":{"currency":"KRW","minor":1},"minimumOrder":{"currency":"USD","minor":1}}""", "benefit.minimumOrder.currency")]
    [InlineData("""{"kind":"percent"}""", "benefit.percent")]
    [InlineData("""{"kind":"percent","percent":0}""", "benefit.percent")]
    [InlineData("""{"kind":"percent","percent":100}""", "")]
    [InlineData("""{"kind":"percent","percent":101}""", "benefit.percent")]
    [InlineData("""{"kind":"percent","percent":5,"amount":{"currency":"KRW","minor":1}}""", "benefit.amount")]
    [InlineData("""{"kind":"percent","percent":5,"cap":{"currency":"KRW","minor":1},"minimumOrder":{"currency":"JPY","minor":1}}""", "benefit.minimumOrder.currency")]
    [InlineData("""{"kind":"percent","percent":5,"minimumOrder":{"currency":"JPY","minor":1}}""", "")]
    [InlineData("""{"kind":"freeShipping"}""", "")]
    [InlineData("""{"kind":"freeShipping","name":{"ko":"가","en":"a"}}""", "benefit.name")]
    [InlineData("""{"kind":"gift"}""", "benefit.name")]
    [InlineData("""{"kind":"gift","name":{"ko":"","en":"a"}}""", "benefit.name.ko")]
    [InlineData("""{"kind":"gift","name":{"ko":"컵","en":"cup"},"minimumOrder":{"currency":"KRW","minor":1}}""", "")]
    public void A_wrong_benefit_is_refused_by_name(string value, string refused) => AssertErrors("benefit", value, refused);

    [Theory]
    [InlineData("[null]", "audience[0]")]
    [InlineData("[{}]", "audience[0].kind")]
    [InlineData("""[{"kind":"age"}]""", "audience[0].kind")]
    [InlineData("""[{"kind":"grade"}]""", "audience[0].anyOf")]
    [InlineData("""[{"kind":"grade","anyOf":[]}]""", "audience[0].anyOf")]
    [InlineData("""[{"kind":"grade","anyOf":["vip",null]}]""", "audience[0].anyOf[1]")]
    [InlineData("""[{"kind":"grade","anyOf":["1234567890123456789012345678901"]}]""", "audience[0].anyOf[0]")]
    [InlineData("""[{"kind":"grade","anyOf":["vip"],"noneOf":["gold"]}]""", "audience[0].noneOf")]
    [InlineData("""[{"kind":"grade","anyOf":["vip"]},{"kind":"grade","anyOf":["gold"]}]""", "audience[1].kind")]
    [InlineData("""[{"kind":"tag"}]""", "audience[0].anyOf")]
    [InlineData("""[{"kind":"tag","anyOf":["a"]},{"kind":"tag","noneOf":["b"]}]""", "")]
    [InlineData("""[{"kind":"tag","anyOf":["a"],"before":"2030-01-01T00:00:00Z"}]""", "audience[0].before")]
    [InlineData("""[{"kind":"memberSince"}]""", "audience[0].before")]
    [InlineData("""[{"kind":"memberSince","before":"2029-01-01T00:00:00Z","after":"2029-01-01T00:00:00Z"}]""", "audience[0].before")]
    [InlineData("""[{"kind":"memberSince","before":"2029-01-02T00:00:00Z","after":"2029-01-01T00:00:00Z"}]""", "")]
    [InlineData("""[{"kind":"memberSince","after":"1990-01-01T00:00:00Z"}]""", "audience[0].after")]
    [InlineData("""[{"kind":"memberSince","after":"2029-01-01T00:00:00Z","anyOf":["a"]}]""", "audience[0].anyOf")]
    [InlineData("""[{"kind":"birthMonth"},{"kind":"list"},{"kind":"firstInGroup"}]""", "")]
    [InlineData("""[{"kind":"list","anyOf":["a"]}]""", "audience[0].anyOf")]
    [InlineData("""[{"kind":"list"},{"kind":"list"}]""", "audience[1].kind")]
    public void A_wrong_condition_is_refused_by_name(string value, string refused) => AssertErrors("audience", value, refused);

    [Fact]
    public void Conditions_and_their_values_are_bounded()
    {
        AssertErrors("audience", JsonSerializer.Serialize(Enumerable.Range(0, 17).Select(i => new { kind = "tag", anyOf = new[] { $"t{i}" } })), "audience");
        AssertErrors("audience", JsonSerializer.Serialize(Enumerable.Range(0, 16).Select(i => new { kind = "tag", anyOf = new[] { $"t{i}" } })), "");
        AssertErrors("audience", JsonSerializer.Serialize(new[] { new { kind = "tag", anyOf = Enumerable.Range(0, 51).Select(i => $"t{i}") } }), "audience[0].anyOf");
        AssertErrors("audience", JsonSerializer.Serialize(new[] { new { kind = "tag", anyOf = Enumerable.Range(0, 50).Select(i => $"t{i}") } }), "");
    }

    [Fact]
    public void The_condition_on_a_group_needs_a_group()
    {
        var json = Without("group");
        json["audience"] = JsonNode.Parse("""[{"kind":"firstInGroup"}]""");
        Assert.Equal(["group"], Errors(json).Keys);
    }

    [Fact]
    public void The_longest_texts_fit_into_a_record_of_the_log_and_longer_conditions_are_refused()
    {
        var json = Valid();
        json["name"] = Both('가', 200);
        json["description"] = Both('가', 4_000);
        json["benefit"] = new JsonObject { ["kind"] = "gift", ["name"] = Both('가', 200) };
        Assert.Empty(Errors(json));
        json["audience"] = JsonNode.Parse(JsonSerializer.Serialize(Enumerable.Range(0, 16).Select(_ => new { kind = "tag", anyOf = Enumerable.Range(0, 50).Select(i => $"{new string('가', 28)}{i:00}") })));
        Assert.Equal(["audience"], Errors(json).Keys);

        static JsonObject Both(char character, int length) => new() { ["ko"] = new string(character, length), ["en"] = new string(character, length) };
    }

    [Fact]
    public void Texts_are_kept_composed_and_instants_in_whole_milliseconds_of_UTC()
    {
        var json = Valid();
        json["name"] = new JsonObject { ["ko"] = " \u1100\u1161 ", ["en"] = "e\u0301" };
        json["opensAt"] = "2030-03-01T09:00:00.1239999+09:00";
        var campaign = Draft(json);
        Assert.Equal(new LocalizedText("가", "é"), campaign.Name);
        Assert.Equal((new DateTimeOffset(2030, 3, 1, 0, 0, 0, 123, TimeSpan.Zero), TimeSpan.Zero), (campaign.OpensAt, campaign.OpensAt.Offset));
    }

    [Theory]
    [InlineData("""{"quota":"100"}"""), InlineData("""{"quota":1.5}"""), InlineData("""{"quota":99999999999}"""), InlineData("""{"opensAt":"2030-03-01T00:00:00"}"""), InlineData("""{"color":"red"}""")]
    [InlineData("""{"benefit":{"kind":"amount","worth":1}}"""), InlineData("""{"quota":1,"quota":2}"""), InlineData("""{"audience":{}}"""), InlineData("""{"rehearsal":"yes"}""")]
    public void JSON_of_another_shape_is_not_read_at_all(string json) => Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize<CampaignInput>(json, FirstCome.ServiceDefaults.ApiJson.Options));

    [Fact]
    public void Money_is_bounded_for_every_currency_so_that_percentages_do_not_overflow() =>
        Gen.String[Gen.Char['A', 'Z'], 3, 3].Sample(code => !Currencies.TryGetMinorMax(code, out var max) || (max >= Currencies.UnitsMax && max <= long.MaxValue / 100));

    private static void AssertErrors(string field, string value, string refused)
    {
        var json = Valid();
        json[field] = JsonNode.Parse(value);
        Assert.Equal(refused.Length == 0 ? [] : [refused], Errors(json).Keys);
    }
}
