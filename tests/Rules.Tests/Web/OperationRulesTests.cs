using FirstCome.Contracts.Campaigns;
using FirstCome.Contracts.Coupons;
using FirstCome.Rehearsal;
using FirstCome.Web.Console.Claims;
using FirstCome.Web.Console.Parts;
using FirstCome.Web.Console.Rehearsals;
using Xunit;

namespace FirstCome.RulesTests.Web;

public sealed class OperationRulesTests
{
    [Theory]
    [InlineData("#1,234", "Sequence", "1234")]
    [InlineData(" kim@example.com ", "Email", "kim@example.com")]
    [InlineData("01A2098A-C60D-77C7-811C-772580D61611", "MemberId", "01a2098a-c60d-77c7-811c-772580d61611")]
    [InlineData("0", "None", "0")]
    [InlineData("", "None", "")]
    public void A_question_is_read_as_what_it_can_only_be(string typed, string kind, string text) => Assert.Equal((kind, text), (Question.Read(typed).Kind.ToString(), Question.Read(typed).Text));

    [Fact]
    public void A_code_is_read_however_it_is_typed()
    {
        var code = CouponCode.Create();
        Assert.Equal(new Question(QuestionKind.Code, code), Question.Read(code.Replace("-", " ", StringComparison.Ordinal).ToLowerInvariant()));
    }

    [Fact]
    public void Amounts_have_the_decimals_of_their_currency_and_nothing_else_is_one()
    {
        Assert.Equal(new Money("KRW", 20_000), Amounts.Read("20,000", "KRW"));
        Assert.Equal(new Money("USD", 1_050), Amounts.Read("10.5", "USD"));
        Assert.Equal(new Money("KWD", 1_050), Amounts.Read("1.05", "KWD"));
        foreach (var wrong in (string?[])[null, "", "0", "-5", "1.5", "1e9", "9999999999999999"]) { Assert.Null(Amounts.Read(wrong, "KRW")); }
        foreach (var (money, korean, english) in new[] { (new Money("KRW", 20_000), "20,000원", "₩20,000"), (new("USD", 1_050), "$10.50", "$10.50"), (new("CHF", 1_050), "CHF\u00A010.50", "CHF\u00A010.50") })
        {
            Assert.Equal((korean, english), (Amounts.In(money, "ko"), Amounts.In(money, "en")));
        }
    }

    [Fact]
    public void A_rehearsal_beyond_the_instance_s_limits_is_refused()
    {
        var limits = new RehearsalLimits();
        Assert.Null(RunRehearsals.Judge(new RehearsalPlan { Members = limits.MembersMax }, limits));
        Assert.Equal(StartRefusal.TooManyMembers, RunRehearsals.Judge(new RehearsalPlan { Members = limits.MembersMax + 1 }, limits));
        Assert.Equal(StartRefusal.TooConcurrent, RunRehearsals.Judge(new RehearsalPlan { Concurrency = limits.ConcurrencyMax + 1 }, limits));
        Assert.Equal(StartRefusal.RepeatsOutOfRange, RunRehearsals.Judge(new RehearsalPlan { Repeats = double.NaN }, limits));
    }
}
