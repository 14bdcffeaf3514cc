using System.Buffers.Text;
using System.Security.Claims;
using System.Text;
using FirstCome.Web.Console.Campaigns;
using FirstCome.Web.Console.Dashboard;
using FirstCome.Web.Console.Session;
using FirstCome.Web.Console.Shell;
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
