using System.Reflection;
using System.Text.RegularExpressions;
using FirstCome.Contracts.Problems;
using Xunit;

namespace FirstCome.RulesTests.ServiceDefaults;

public partial class ProblemTypesTests
{
    [Fact]
    public void Every_type_is_listed_once()
    {
        var fields = typeof(ProblemTypes).GetFields(BindingFlags.Public | BindingFlags.Static).Where(field => field.FieldType == typeof(ProblemType)).Select(field => (ProblemType)field.GetValue(null)!);
        Assert.Equal(fields.OrderBy(type => type.Slug, StringComparer.Ordinal), ProblemTypes.All.OrderBy(type => type.Slug, StringComparer.Ordinal));
        Assert.Equal(ProblemTypes.All.Count, ProblemTypes.All.DistinctBy(type => type.Slug).Count());
    }

    [Fact]
    public void Every_type_says_in_both_languages_what_it_means_and_what_to_do() => Assert.All(ProblemTypes.All, type =>
    {
        Assert.Matches(Slug(), type.Slug);
        Assert.InRange(type.Status, 400, 503);
        Assert.All((string[])[type.TitleKo, type.MeaningKo], text => Assert.Contains(text, character => character is >= '가' and <= '힣'));
        Assert.All((string[])[type.TitleEn, type.MeaningEn], text => Assert.DoesNotContain(text, character => character is >= '가' and <= '힣'));
        Assert.True(type.MeaningEn.Length > type.TitleEn.Length);
        Assert.Equal("/problems/" + type.Slug, type.Uri);
    });

    [Theory]
    [InlineData("campaign-unknown", 404), InlineData("not-open-yet", 409), InlineData("closed", 409), InlineData("paused", 409), InlineData("not-eligible", 403), InlineData("limit-reached", 409)]
    [InlineData("sold-out", 409), InlineData("recovering", 503), InlineData("unavailable", 503), InlineData("too-many-requests", 429), InlineData("no-claim", 404), InlineData("email-taken", 409)]
    [InlineData("sign-in-failed", 401), InlineData("illegal-transition", 409), InlineData("quota-below-issued", 409), InlineData("idempotency-key-reused", 422), InlineData("coupon-expired", 409)]
    [InlineData("coupon-cancelled", 409), InlineData("coupon-used", 409), InlineData("below-minimum", 409), InlineData("currency-mismatch", 409), InlineData("precondition-required", 428)]
    [InlineData("precondition-failed", 412), InlineData("unauthenticated", 401), InlineData("forbidden", 403), InlineData("not-found", 404), InlineData("payload-too-large", 413)]
    public void The_types_of_the_api_are_there(string slug, int status) => Assert.Equal(status, ProblemTypes.All.Single(type => type.Slug == slug).Status);

    [GeneratedRegex("^[a-z]+(-[a-z]+)*$")]
    private static partial Regex Slug();
}
