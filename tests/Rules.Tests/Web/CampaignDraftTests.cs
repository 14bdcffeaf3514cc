using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using FirstCome.Contracts.Campaigns;
using FirstCome.CouponService.Campaigns;
using FirstCome.RulesTests.CouponService;
using FirstCome.ServiceDefaults;
using FirstCome.Web.Console.Campaigns;
using FirstCome.Web.Console.Parts;
using FirstCome.Web.Console.Shell;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FirstCome.RulesTests.Web;

/// <summary>The editor's fields: what an operator does not touch stays as it is, and no error of the service is lost.</summary>
public sealed class CampaignDraftTests
{
    private static readonly Gen<string> s_words = Gen.String[Gen.Char["ab,;'\"<>&= 가나é🎁\n"], 1, 12].Where(text => text.Trim().Length > 0 && RequestText.Clean(text, 1, 30, out _, out _));
    private static readonly Gen<JsonNode?> s_values = s_words.Array[1, 4].Select(words => (JsonNode?)JsonSerializer.SerializeToNode(words));
    private static readonly Gen<LocalizedText> s_name = Gen.Select(s_words, s_words, (ko, en) => new LocalizedText(ko, en));
    private static readonly Gen<LocalizedText> s_description = Gen.String[Gen.Char["a가 \n\t<"], 0, 40].Select(text => new LocalizedText(text, text + "\nen"));
    // Milliseconds count.
    private static readonly Gen<DateTimeOffset> s_instant = Gen.Long[-40_000_000_000, 40_000_000_000].Select(milliseconds => CampaignsInputs.Now.AddMilliseconds(milliseconds));

    private static readonly Gen<JsonObject> s_tag = Gen.Select(s_values, s_values, Gen.Int[0, 2], (any, none, which) => which switch
    {
        0 => new JsonObject { ["kind"] = "tag", ["anyOf"] = any },
        1 => new JsonObject { ["kind"] = "tag", ["noneOf"] = none },
        _ => new JsonObject { ["kind"] = "tag", ["anyOf"] = any, ["noneOf"] = none },
    });

    private static readonly Gen<JsonObject> s_since = Gen.Select(s_instant, Gen.Long[1, 9_000_000_000], Gen.Int[0, 2], (after, later, which) => which switch
    {
        0 => new JsonObject { ["kind"] = "memberSince", ["after"] = after },
        1 => new JsonObject { ["kind"] = "memberSince", ["before"] = after },
        _ => new JsonObject { ["kind"] = "memberSince", ["after"] = after, ["before"] = after.AddMilliseconds(later) },
    });

    private static readonly Gen<JsonArray> s_audience = Gen.Select(s_tag.Array[0, 5], s_since, s_values, Gen.Int[0, 31]).SelectMany((tags, since, grades, which) =>
    {
        var conditions = tags.ToList();
        if ((which & 1) > 0) { conditions.Add(since); }
        if ((which & 2) > 0) { conditions.Add(new JsonObject { ["kind"] = "grade", ["anyOf"] = grades }); }
        foreach (var (bit, kind) in new[] { (4, "birthMonth"), (8, "list"), (16, "firstInGroup") })
        {
            if ((which & bit) > 0) { conditions.Add(new JsonObject { ["kind"] = kind }); }
        }
        return Gen.Shuffle(conditions.ToArray()).Select(shuffled => new JsonArray([.. shuffled.Select(condition => condition.DeepClone())]));
    });

    private static readonly Gen<JsonObject> s_benefit =
        Gen.Select(Gen.Int[0, 3], Gen.OneOf(Gen.Const("KRW"), Gen.Const("USD"), Gen.Const("KWD"), Gen.Const("JPY")), Gen.Long[1, 1_000_000_000], Gen.Long[1, 1_000_000_000], Gen.Int[0, 3], s_name).Select((kind, currency, amount, least, optional, gift) =>
        {
            var benefit = new JsonObject { ["kind"] = new[] { "amount", "percent", "freeShipping", "gift" }[kind] };
            if (kind == 0) { benefit["amount"] = CampaignsInputs.Money(currency, amount); }
            if (kind == 1) { benefit["percent"] = 1 + (amount % 100); }
            if (kind == 1 && (optional & 1) > 0) { benefit["cap"] = CampaignsInputs.Money(currency, amount); }
            if (kind == 3) { benefit["name"] = JsonSerializer.SerializeToNode(gift, ApiJson.Options); }
            if ((optional & 2) > 0) { benefit["minimumOrder"] = CampaignsInputs.Money(currency, least); }
            return benefit;
        });

    private static readonly Gen<Campaign> s_campaign =
        Gen.Select(Gen.Select(s_name, s_description, Gen.Int[1, 10_000_000], Gen.Int[1, 100]), Gen.Select(s_instant, Gen.Long[1, 31_000_000_000], Gen.Long[1, 9_000_000_000]), s_benefit, s_audience, Gen.Int[0, 63])
            .Select((plain, window, benefit, audience, which) =>
            {
                var ((name, description, quota, perMember), (opens, lasts, validFor)) = (plain, window);
                var closes = opens.AddMilliseconds(lasts);
                var isGrouped = (which & 1) > 0 || audience.Any(condition => (string?)condition!["kind"] == "firstInGroup");
                return CampaignsInputs.Draft(new JsonObject
                {
                    ["name"] = JsonSerializer.SerializeToNode(name, ApiJson.Options),
                    ["description"] = JsonSerializer.SerializeToNode(description, ApiJson.Options),
                    ["quota"] = quota,
                    ["perMember"] = perMember,
                    ["opensAt"] = opens,
                    ["closesAt"] = closes,
                    ["timeZone"] = (which & 2) > 0 ? "Europe/Berlin" : "Asia/Seoul",
                    ["benefit"] = benefit.DeepClone(),
                    ["validity"] = (which & 4) > 0 ? new JsonObject { ["until"] = closes.AddMilliseconds(validFor) } : new JsonObject { ["days"] = 1 + (which * 50) },
                    ["audience"] = audience.DeepClone(),
                    ["group"] = isGrouped ? "group-1" : null,
                    ["rehearsal"] = (which & 16) > 0,
                    ["releaseCancelled"] = (which & 32) > 0,
                });
            });

    [Fact]
    public void Every_campaign_goes_through_the_editor_unchanged() => s_campaign.Sample(campaign =>
    {
        var draft = CampaignDraft.Of(CampaignView.Of(campaign, CampaignsInputs.Now));
        Assert.Empty(draft.Check());
        var sent = JsonSerializer.SerializeToNode(draft.ToBody(isNew: true), ApiJson.Options)!;
        var given = JsonSerializer.SerializeToNode(CampaignView.Of(campaign, CampaignsInputs.Now), ApiJson.Options)!;
        foreach (var (field, value) in given.AsObject().Where(member => member.Key is not ("id" or "state") && member.Value is not null))
        {
            Assert.True(JsonNode.DeepEquals(value, sent[field]), $"{field}: {value?.ToJsonString()} became {sent[field]?.ToJsonString()}");
        }
        // And the service reads the same campaign out of it; a change sends no field but those that differ.
        Assert.Empty(ChangeRules.Difference(campaign, CampaignsInputs.Draft(sent.AsObject()) with { Id = campaign.Id }));
        var change = draft.ToBody(isNew: false);
        Assert.Equal(JsonSerializer.Serialize(CampaignDraft.Of(CampaignView.Of(campaign, CampaignsInputs.Now)).ToBody(isNew: false)), JsonSerializer.Serialize(change));
        Assert.Equal((true, false), (change.ContainsKey("group"), change.ContainsKey("rehearsal")));
    });

    [Fact]
    public void A_row_is_judged_by_its_kind_and_two_of_a_kind_are_for_tags_only()
    {
        var draft = CampaignDraft.Of(CampaignView.Of(CampaignsInputs.Draft(), CampaignsInputs.Now));
        draft.Audience.AddRange(
        [
            new() { Kind = AudienceCondition.TagKind, AnyOf = "vip\n a, b \n" }, new() { Kind = AudienceCondition.TagKind, NoneOf = new string('x', 31) }, new() { Kind = AudienceCondition.GradeKind, NoneOf = "gold" },
            new() { Kind = AudienceCondition.GradeKind, AnyOf = "gold" }, new() { Kind = AudienceCondition.MemberSinceKind }, new() { Kind = AudienceCondition.MemberSinceKind, After = "2026-01-02T00:00", Before = "2026-01-01T00:00" },
        ]);
        Assert.Equal(
            ["audience[1].noneOf", "audience[2].anyOf", "audience[3].kind", "audience[4].before", "audience[5].before", "audience[5].kind"], draft.Check().Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["vip", "a, b"], draft.Audience[0].ToCondition().AnyOf);
        // What a former kind left behind in the row is not sent.
        Assert.Null(draft.Audience[2].ToCondition().NoneOf);
        Assert.Empty(draft.Check().Keys.Except(ShownFields.Of(draft)));
    }

    [Fact]
    public void Money_is_typed_in_whole_amounts_of_its_currency()
    {
        var draft = new CampaignDraft { NameKo = "첫", NameEn = "First", OpensAt = "2026-11-24T10:00", ClosesAt = "2026-11-24T11:00", Currency = "USD", Amount = "1,234.50", MinimumOrder = "20" };
        Assert.Empty(draft.Check());
        Assert.Equal((new Money("USD", 123_450), new Money("USD", 2_000)), (draft.ToBenefit().Amount, draft.ToBenefit().MinimumOrder));
        Assert.Equal(("1,234.50", "20.00"), (Reopened().Amount, Reopened().MinimumOrder));
        // Won has no decimals, so the same text is wrong there.
        draft.Currency = "KRW";
        Assert.Equal("benefit.amount", Assert.Single(draft.Check()).Key);
        (draft.Amount, draft.MinimumOrder, draft.Currency) = ("0", "many", "won");
        Assert.Equal(["benefit.amount", "benefit.currency", "benefit.minimumOrder"], draft.Check().Keys.Order(StringComparer.Ordinal));
        (draft.Kind, draft.Currency, draft.MinimumOrder, draft.Cap) = (Benefit.PercentKind, "KWD", "", "1.234");
        Assert.Empty(draft.Check());
        Assert.Equal(new Money("KWD", 1_234), draft.ToBenefit().Cap);

        CampaignDraft Reopened() => CampaignDraft.Of(CampaignView.Of(CampaignsInputs.Draft() with { Benefit = draft.ToBenefit() }, CampaignsInputs.Now));
    }

    [Fact]
    public void What_the_service_finds_wrong_is_told_in_the_operator_s_language()
    {
        var texts = new ConsoleTexts(new HttpContextAccessor()) { Language = ConsoleTexts.Korean };
        foreach (var wrong in (string[])
        [
            """{"name":{"ko":"","en":"a\u200Eb"},"quota":0,"opensAt":"2026-01-02T00:00:00Z","closesAt":"2026-01-01T00:00:00Z","timeZone":"Moon","benefit":{"kind":"amount","amount":{"currency":"won","minor":0}},"validity":{},"group":"A"}""",
            """{"description":null,"benefit":{"kind":"amount","percent":5},"validity":{"days":9999},"audience":[{"kind":"tag"},{"kind":"grade","noneOf":["a"]},{"kind":"memberSince"},{"kind":"memberSince","after":"2026-01-02T00:00:00Z","before":"2026-01-01T00:00:00Z"},{"kind":"tag","anyOf":[]}]}""",
            """{"benefit":{"kind":"percent","percent":500,"cap":{"currency":"KRW","minor":5},"minimumOrder":{"currency":"USD","minor":5}},"opensAt":"2026-01-01T00:00:00Z","closesAt":"2028-01-01T00:00:00Z","validity":{"until":"2026-01-02T00:00:00Z"},"audience":[{"kind":"firstInGroup"}]}""",
        ])
        {
            Assert.All(CampaignsInputs.Errors(JsonNode.Parse(wrong)!).SelectMany(field => field.Value), said => Assert.False(ServiceWords.Of(said, texts).IsForeign, said));
        }
        foreach (var action in (CampaignAction[])[CampaignAction.Schedule, CampaignAction.Pause, CampaignAction.Resume, CampaignAction.Close, CampaignAction.Archive])
        {
            var archived = CampaignsInputs.Draft() with { Phase = CampaignPhase.Archived };
            var said = Assert.IsType<Decision.Illegal>(TransitionRules.Decide(archived, action, CampaignsInputs.Now)).Detail;
            Assert.False(ServiceWords.Of(said, texts).IsForeign, said);
        }
        foreach (var (phase, change) in new[] { (CampaignPhase.Active, """{"perMember":9,"group":"x"}"""), (CampaignPhase.Active, """{"perMember":9}"""), (CampaignPhase.Closed, """{"quota":9}"""), (CampaignPhase.Archived, """{"quota":9,"perMember":9}""") })
        {
            var said = Assert.IsType<Decision.Illegal>(ChangeRules.Decide(CampaignsInputs.Draft() with { Phase = phase }, CampaignsInputs.Parse(JsonNode.Parse(change)!), CampaignsInputs.Now)).Detail;
            Assert.False(ServiceWords.Of(said, texts).IsForeign, said);
        }
    }

    [Theory]
    [InlineData("benefit", """{"kind":"percent","percent":10,"cap":{"currency":"KRW","minor":5000},"minimumOrder":{"currency":"KRW","minor":20000}}""", "10% 할인 · 최대 5,000원 · 20,000원 이상 주문")]
    [InlineData("benefit", """{"kind":"gift","name":{"ko":"머그컵","en":"Mug"}}""", "사은품: 머그컵")]
    [InlineData("validity", """{"days":30}""", "받은 날부터 30일")]
    [InlineData("validity", """{"until":"2026-01-02T15:00:00Z"}""", "2026-01-03 00:00:00 KST")]
    [InlineData("audience", """[{"kind":"tag","anyOf":["vip","a, b"],"noneOf":["staff"]},{"kind":"list"}]""", "태그 vip, a, b 중 하나, staff 제외 · 올린 목록의 회원만")]
    [InlineData("audience", "[]", "모든 회원")]
    [InlineData("benefit", """{"kind":"of later days","worth":7}""", "of later days")]
    public void The_trail_tells_a_benefit_a_validity_and_conditions_in_words(string field, string after, string told)
    {
        var texts = new ConsoleTexts(new HttpContextAccessor()) { Language = ConsoleTexts.Korean };
        var entry = new FirstCome.Web.Console.Campaigns.HistoryEntry(2, "change", Guid.NewGuid(), CampaignsInputs.Now, [field], JsonElement.Parse($$"""{"{{field}}":{{after}}}"""));
        Assert.Equal(told, Assert.Single(entry.Changes(texts)).After);
    }

    [Theory]
    [InlineData("benefit.amount.minor", "benefit.amount")]
    [InlineData("benefit.amount.currency", ShownFields.Currency)]
    [InlineData("benefit.minimumOrder.currency", ShownFields.Currency)]
    [InlineData("validity.days", "validity")]
    [InlineData("validity.until", "validity.until")]
    [InlineData("audience[1].anyOf[3]", "audience[1].anyOf")]
    [InlineData("audience[1].noneOf", null)]
    [InlineData("audience[1].kind", "audience[1].kind")]
    [InlineData("audience[7].kind", null)]
    [InlineData("audience", null)]
    [InlineData("benefit.percent", null)]
    [InlineData("rehearsal", null)]
    [InlineData("a field of later days", null)]
    public void An_error_of_the_service_stands_at_its_field_or_in_the_list(string field, string? place)
    {
        var draft = CampaignDraft.Of(CampaignView.Of(CampaignsInputs.Draft(), CampaignsInputs.Now));
        draft.Audience.AddRange([new() { AnyOf = "a" }, new() { Kind = AudienceCondition.GradeKind, AnyOf = "gold" }]);
        var (atFields, elsewhere) = ShownFields.Place(new Dictionary<string, string[]> { [field] = ["must be right"] }, draft);
        if (place is null) { Assert.Equal("must be right", Assert.Single(elsewhere[field])); }
        else { Assert.Equal((place, "must be right"), (Assert.Single(atFields).Key, atFields[place])); }
        Assert.Equal(1, atFields.Count + elsewhere.Count);
    }
}
