using System.Buffers.Text;
using System.Security.Claims;
using System.Text;
using System.Text.Json;
using FirstCome.Contracts.Campaigns;
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
    [InlineData("The ledger has the row: group-conflict.", "원장에 있습니다: 그룹 중복.")]
    [InlineData("Coupon A-1, issued, good until 2026-01-02T15:00:00.0000000+00:00.", "쿠폰 A-1, 사용 가능, 2026-01-03 00:00:00 KST까지.", false, "Coupon A-1, issued, good until 2026-01-03 00:00:00 KST.")]
    [InlineData("Only a draft can be scheduled; this one is closed.", "초안만 예약할 수 있습니다. 지금 상태: 종료.")]
    [InlineData("must not contain the control character U+200E", "제어 문자 U+200E을(를) 쓸 수 없습니다.")]
    [InlineData("quota is fixed: the campaign is archived.", "보관된 캠페인은 바꿀 수 없습니다: 수량.")]
    [InlineData("reserved in a lost gate and never promised", "게이트가 사라질 때 예약만 되고 약속되지 않은 번호")]
    [InlineData("not a claim in JSON", "JSON으로 된 신청이 아닙니다.")]
    [InlineData("a field is missing or out of range", "빠졌거나 범위를 벗어난 항목이 있습니다.")]
    [InlineData("nth must be 1 or more.", "nth은(는) 1 이상이어야 합니다.")]
    [InlineData("code is no coupon's code.", "code가 쿠폰 코드가 아닙니다.")]
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
    public void A_peak_stays_visible_where_points_are_left_out() => Assert.Equal(9, MetricsView.Thin([.. Enumerable.Repeat<double?>(1, 500), 9, .. Enumerable.Repeat<double?>(1, 219)], 60).Max());

    [Fact]
    public void What_is_not_known_is_no_zero()
    {
        var metrics = new MetricsView(default, default, TimeSpan.FromSeconds(5), [Counted("accepted", null, null, 4, null, 2), Counted("sold-out", null, null, null, null, 1)]);
        Assert.Equal([null, null, 4, null, 3], metrics.Line("claims.count"));
        Assert.Equal(2, metrics.KnownFrom);
        Assert.Equal([null, 4, 3], MetricsView.Thin(metrics.Line("claims.count"), 3));
    }

    [Fact]
    public void A_chart_begins_with_what_is_known_and_its_last_label_is_now()
    {
        var from = new DateTimeOffset(2026, 1, 2, 3, 0, 0, TimeSpan.Zero);
        double?[] values = [.. Enumerable.Repeat<double?>(null, 20), .. Enumerable.Range(0, 101).Select(i => (double?)i)];
        var metrics = new MetricsView(from, from.AddMinutes(120), TimeSpan.FromMinutes(1), [new("x", "1", new Dictionary<string, string>(), values)]);
        var plot = Plot.Of(metrics, "", "", [("x", metrics.Line("x"))], at => at.ToString("HH:mm", System.Globalization.CultureInfo.InvariantCulture));
        Assert.Equal((1.0, 100.0), (plot.Lines[0].Values[0], plot.Highest));
        Assert.Equal(("05:00", plot.Lines[0].Values.Count), (plot.Labels[^1], plot.Labels.Count));
        var labels = plot.Labels.Where(label => label.Length > 0).ToList();
        Assert.InRange(labels.Count, 3, 5);
        Assert.True(string.CompareOrdinal(labels[0], "03:20") >= 0, labels[0]);
        Assert.False(Plot.Of(metrics, "", "", [("y", metrics.Line("y"))], _ => "").IsKnown);
        Assert.Equal([1, 2, 50, 100_000], new double[] { 0.5, 8, 170, 390_000 }.Select(highest => new Plot("", "", [new("z", [highest])], [""]).Tick));
    }

    [Fact]
    public void A_minute_stands_once_below_a_chart_however_short_its_window()
    {
        var from = new DateTimeOffset(2026, 1, 2, 3, 0, 30, TimeSpan.Zero);
        var metrics = new MetricsView(from, from.AddSeconds(90), TimeSpan.FromSeconds(5), [new("x", "1", new Dictionary<string, string>(), [.. Enumerable.Range(0, 19).Select(i => (double?)i)])]);
        var labels = Plot.Of(metrics, "", "", [("x", metrics.Line("x"))], at => at.ToString("HH:mm", System.Globalization.CultureInfo.InvariantCulture)).Labels;
        Assert.Equal(["03:00", "03:01", "03:02"], labels.Where(label => label.Length > 0));
        Assert.Equal("03:02", labels[^1]);
    }

    [Fact]
    public void The_campaigns_of_now_are_the_open_the_paused_and_the_next_and_the_rest_is_counted()
    {
        var now = FirstCome.RulesTests.CouponService.CampaignsInputs.Now;
        CampaignView One(CampaignState state, int hours, bool rehearsal = false) =>
            CampaignView.Of(FirstCome.RulesTests.CouponService.CampaignsInputs.Draft() with { Id = Guid.NewGuid(), OpensAt = now.AddHours(hours), Rehearsal = rehearsal }, now) with { State = state };
        var seen = CampaignsOfNow.Of(
            new([One(CampaignState.Open, -1, rehearsal: true), .. Enumerable.Range(0, 11).Select(_ => One(CampaignState.Open, -2))], null), new([One(CampaignState.Paused, -3)], "more"),
            new([.. Enumerable.Range(0, 5).Select(i => One(CampaignState.Scheduled, 9 - i))], null));
        Assert.Equal((CampaignsOfNow.ShownMax, 6, true), (seen.Shown.Count, seen.More, seen.IsAtLeast));
        // The paused one waits for somebody to decide; the rehearsal gives way to the real ones.
        Assert.Equal((CampaignState.Paused, false), (seen.Shown[0].State, seen.Shown[0].Rehearsal));
        Assert.All(seen.Shown.Skip(1).Take(8), campaign => Assert.Equal((CampaignState.Open, false), (campaign.State, campaign.Rehearsal)));
        Assert.Equal([5, 6, 7], seen.Shown.Where(campaign => campaign.State == CampaignState.Scheduled).Select(campaign => (int)(campaign.OpensAt - now).TotalHours));
        var few = CampaignsOfNow.Of(new([], null), new([One(CampaignState.Paused, -3)], null), new([One(CampaignState.Scheduled, 1)], null));
        Assert.Equal(("Paused Scheduled", 0, false), (string.Join(' ', few.Shown.Select(campaign => campaign.State)), few.More, few.IsAtLeast));
    }

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
