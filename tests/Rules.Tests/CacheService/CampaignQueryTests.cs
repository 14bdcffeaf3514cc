using CsCheck;
using FirstCome.CacheService.Campaigns;
using FirstCome.Contracts.Campaigns;
using FirstCome.ServiceDefaults;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Primitives;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

public sealed class CampaignQueryTests
{
    private static CampaignQuery Read(FieldErrors errors, params (string Name, string[] Values)[] parameters) => CampaignQuery.Read(
        new QueryCollection(parameters.ToDictionary(parameter => parameter.Name, parameter => new StringValues(parameter.Values))), new PageRequest(50, null), false, errors);

    private static CampaignQuery Read(string text)
    {
        var errors = new FieldErrors();
        var query = Read(errors, ("query", [text]));
        Assert.False(errors.Any);
        return query;
    }

    [Theory]
    [InlineData("Summer Coupon", "summer coupon")]
    [InlineData("  summer COUPON \u00a0", "summer coupon")]
    [InlineData("여름 쿠폰", "여름 쿠폰")]
    // The same syllable, composed and as letters.
    [InlineData("\u1112\u1161\u11ab", "한")]
    [InlineData("", "")]
    [InlineData("   ", "")]
    public void Questions_that_mean_the_same_are_equal(string asked, string normal)
    {
        Assert.Equal(normal, Read(asked).Text);
        Assert.Equal(Read(normal), Read(asked));
    }

    [Fact]
    public void Normalising_again_changes_nothing() => Gen.String.Sample(text => CampaignQuery.Normalise(CampaignQuery.Normalise(text)) == CampaignQuery.Normalise(text));

    [Fact]
    public void Everything_wrong_is_told_at_once()
    {
        var errors = new FieldErrors();
        Read(errors, ("state", ["ajar"]), ("query", ["one", "two"]));
        Assert.Equal(["query", "state"], errors.ByField.Keys.Order());
        Assert.Equal("must be one of draft, scheduled, open, paused, closed, archived", errors.ByField["state"].Single());
    }

    [Theory]
    [InlineData("query", "zero\u0000byte")]
    [InlineData("query", "right\u202eleft")]
    [InlineData("state", "Open")]
    [InlineData("state", "2")]
    [InlineData("state", "")]
    public void What_cannot_be_used_is_refused_by_name(string parameter, string value)
    {
        var errors = new FieldErrors();
        Read(errors, (parameter, [value]));
        Assert.Equal(parameter, errors.ByField.Keys.Single());
    }

    [Fact]
    public void A_query_that_is_too_long_or_no_text_is_refused()
    {
        // Half a surrogate pair cannot stand in an attribute.
        foreach (var query in new[] { new string('a', CampaignQuery.TextMax + 1), "half a pair \ud800" })
        {
            var errors = new FieldErrors();
            Read(errors, ("query", [query]));
            Assert.True(errors.Any);
        }
    }

    [Fact]
    public void The_owner_is_asked_for_what_the_caller_may_see()
    {
        var query = new CampaignQuery(CampaignState.Open, "a&b=c 쿠폰", 20, "x_y-z", Everything: true);
        var parameters = QueryHelpers.ParseQuery(query.ToInternalQuery());
        Assert.Equal("open", parameters["state"]);
        Assert.Equal("a&b=c 쿠폰", parameters["query"]);
        Assert.Equal("20", parameters["limit"]);
        Assert.Equal("x_y-z", parameters["after"]);
        Assert.Equal("true", parameters["drafts"]);
        Assert.Equal("true", parameters["rehearsals"]);

        var publicParameters = QueryHelpers.ParseQuery((query with { Everything = false }).ToInternalQuery());
        Assert.Equal("false", publicParameters["drafts"]);
        Assert.Equal("false", publicParameters["rehearsals"]);
    }
}
