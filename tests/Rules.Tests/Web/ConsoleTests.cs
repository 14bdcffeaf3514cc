using System.Buffers.Text;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using FirstCome.Web.Console.Campaigns;
using FirstCome.Web.Console.Dashboard;
using FirstCome.Web.Console.Parts;
using FirstCome.Web.Console.Session;
using FirstCome.Web.Console.Shell;
using Microsoft.AspNetCore.Http;
using Xunit;

namespace FirstCome.RulesTests.Web;

public sealed class ConsoleTests
{
    [Fact]
    public void Every_text_of_the_console_stands_in_both_languages()
    {
        Assert.NotEmpty(ConsoleTexts.All);
        Assert.All(ConsoleTexts.All, text =>
        {
            Assert.False(string.IsNullOrWhiteSpace(text.Value.Ko), text.Key);
            Assert.False(string.IsNullOrWhiteSpace(text.Value.En), text.Key);
        });
        Assert.All(Navigations.All, entry => Assert.True(ConsoleTexts.All.ContainsKey(entry.Text), entry.Text));
    }

    [Theory]
    [InlineData("/campaigns", "/campaigns")]
    [InlineData("//evil.example", "/")]
    [InlineData("/\\evil.example", "/")]
    [InlineData("https://evil.example", "/")]
    [InlineData("/a\r\nSet-Cookie: b", "/")]
    [InlineData(null, "/")]
    public void After_signing_in_one_stays_within_the_console(string? back, string goes) => Assert.Equal(goes, SignInOut.Back(back));

    [Theory]
    [InlineData("""["member"]""", false)]
    [InlineData("""["member","operator"]""", true)]
    [InlineData("""["merchant"]""", true)]
    public void Only_a_role_of_the_console_signs_in(string roles, bool may)
    {
        var token = "e30." + Base64Url.EncodeToString(Encoding.UTF8.GetBytes($$"""{"sub":"1","roles":{{roles}}}""")) + ".x";
        var principal = SignInOut.Read(token, "a@b.example");
        Assert.Equal(may, principal is not null);
        Assert.DoesNotContain("member", principal?.FindAll(ClaimTypes.Role).Select(role => role.Value) ?? []);
    }

    [Theory]
    [InlineData("ok", "정상")]
    [InlineData("3 gates are being rebuilt; their claims are answered 503 recovering.", "게이트 3개를 다시 만들고 있습니다. 그동안 신청에는 503 recovering으로 답합니다.")]
    [InlineData("the last pass failed (TimeoutException); it is tried again", "마지막 작업이 실패했습니다(TimeoutException). 다시 시도합니다.")]
    [InlineData("the last known instances are used: no route", "마지막으로 알려진 인스턴스를 씁니다: no route")]
    [InlineData("every 202 has its coupon within 10 s", "모든 202에 10초 안에 쿠폰")]
    [InlineData("The number belongs to member 7f, nth 1, of generation 3.", "이 번호는 3세대에서 회원 7f의 1번째 신청입니다.")]
    [InlineData("The ledger has the row: group-conflict.", "원장에 있습니다: group-conflict.")]
    [InlineData("Coupon A-1, issued, good until 2026-01-02T15:00:00.0000000+00:00.", "쿠폰 A-1, 상태 issued, 2026-01-03 00:00:00 KST까지.", false, "Coupon A-1, issued, good until 2026-01-03 00:00:00 KST.")]
    [InlineData("a sentence of later days", "a sentence of later days", true)]
    public void What_services_say_is_told_in_the_operator_s_language(string said, string korean, bool isForeign = false, string? english = null)
    {
        var texts = new ConsoleTexts(new HttpContextAccessor()) { Language = ConsoleTexts.Korean };
        Assert.Equal((korean, isForeign), ServiceWords.Of(said, texts));
        texts.Language = ConsoleTexts.English;
        Assert.Equal((english ?? said, false), ServiceWords.Of(said, texts));
    }

    [Theory]
    [InlineData("""{"x":["a","b"]}""", "a, b")]
    [InlineData("""{"x":[]}""", "–")]
    [InlineData("""{"x":""}""", "–")]
    [InlineData("""{"x":true}""", "예")]
    [InlineData("""{"x":1234567}""", "1,234,567")]
    [InlineData("""{"x":"2026-01-02T15:00:00Z"}""", "2026-01-03 00:00:00 KST")]
    [InlineData("""{"x":[{"kind":"tag","anyOf":["vip"]},{"kind":"list"}]}""", "kind tag, anyOf vip; kind list")]
    [InlineData("""{"x":{"kind":"amount","amount":{"currency":"KRW","minor":5000}}}""", "kind amount, amount currency KRW, minor 5,000")]
    [InlineData("""{"y":1}""", "–")]
    public void What_a_trail_kept_is_told_in_words(string document, string told) =>
        Assert.Equal(told, ChangedValue.Of(JsonElement.Parse(document), "x", new ConsoleTexts(new HttpContextAccessor()) { Language = ConsoleTexts.Korean }));

    [Fact]
    public void A_sum_is_of_all_values_and_all_instances() => Assert.Equal(
        [("accepted", 42.0), ("sold-out", 3.0)],
        new MetricsView(default, default, TimeSpan.FromSeconds(15), [Counted("accepted", 40, null), Counted("accepted", 2, 0), Counted("sold-out", null, 3)]).Totals("claims.count", "outcome").Select(total => (total.Key, total.Value)));

    private static SeriesView Counted(string outcome, params double?[] values) => new("claims.count", "1", new Dictionary<string, string> { ["outcome"] = outcome }, values);

    [Fact]
    public void A_peak_stays_visible_where_points_are_left_out() => Assert.Equal(9, MetricsView.Thin([.. Enumerable.Repeat(1.0, 500), 9, .. Enumerable.Repeat(1.0, 219)], 60).Max());

    [Fact]
    public void A_draft_is_checked_field_by_field()
    {
        var draft = new CampaignDraft { NameKo = "첫", NameEn = "First", OpensAt = "2026-11-24T10:00", ClosesAt = "2026-11-24T11:00" };
        Assert.Empty(draft.Check());
        (draft.NameEn, draft.Quota, draft.ClosesAt) = ("", 0, "2026-11-24T09:00");
        draft.Audience.Add(new() { Kind = FirstCome.Contracts.Campaigns.AudienceCondition.FirstInGroupKind });
        Assert.Equal(["closesAt", "group", "name.en", "quota"], draft.Check().Keys.Order(StringComparer.Ordinal));
    }
}
