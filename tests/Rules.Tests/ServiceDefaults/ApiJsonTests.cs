using System.Text.Json;
using CsCheck;
using FirstCome.Contracts.Campaigns;
using FirstCome.ServiceDefaults;
using Xunit;

namespace FirstCome.RulesTests.ServiceDefaults;

public class ApiJsonTests
{
    internal sealed record Wish(string Name, int Count, DateTimeOffset? At = null, CampaignState? State = null, TimeSpan? Within = null, Inner? Inner = null, string? Note = null);

    internal sealed record Inner(string Kind, IReadOnlyList<int> Numbers);

    [Fact]
    public void Takes_a_right_object()
    {
        var wish = Read("""{"name":"a","count":3,"at":"2030-01-31T18:00:00+09:00","state":"open","within":"PT1H30M","inner":{"kind":"k","numbers":[1,2]}}""");
        Assert.Equal(new DateTimeOffset(2030, 1, 31, 9, 0, 0, TimeSpan.Zero), wish.At);
        Assert.Equal(TimeSpan.Zero, wish.At!.Value.Offset);
        Assert.Equal(CampaignState.Open, wish.State);
        Assert.Equal(TimeSpan.FromMinutes(90), wish.Within);
        Assert.Equal([1, 2], wish.Inner!.Numbers);
    }

    [Theory]
    [InlineData("""{"name":"a","count":3,"colour":"red"}""", "colour")]
    [InlineData("""{"name":"a","count":3,"inner":{"kind":"k","numbers":[],"extra":1}}""", "inner.extra")]
    [InlineData("""{"name":"a","count":3,"count":4}""", "count")]
    [InlineData("""{"Name":"a","count":3}""", "Name")]
    [InlineData("""{"name":"a"}""", "count")]
    [InlineData("""{"count":3}""", "name")]
    [InlineData("""{}""", "name,count")]
    [InlineData("""{"name":null,"count":3}""", "name")]
    [InlineData("""{"name":"a","count":"3"}""", "count")]
    [InlineData("""{"name":"a","count":3.5}""", "count")]
    [InlineData("""{"name":"a","count":99999999999}""", "count")]
    [InlineData("""{"name":5,"count":3}""", "name")]
    [InlineData("""{"name":"a","count":3,"state":2}""", "state")]
    [InlineData("""{"name":"a","count":3,"state":"unheard"}""", "state")]
    [InlineData("""{"name":"a","count":3,"at":"2030-01-31T18:00:00"}""", "at")]
    [InlineData("""{"name":"a","count":3,"at":"2030-01-31"}""", "at")]
    [InlineData("""{"name":"a","count":3,"at":"soon"}""", "at")]
    [InlineData("""{"name":"a","count":3,"at":1893456000}""", "at")]
    [InlineData("""{"name":"a","count":3,"within":"1:30:00"}""", "within")]
    [InlineData("""{"name":"a","count":3,"inner":{"kind":"k"}}""", "inner.numbers")]
    [InlineData("""{"name":"a","count":3,"inner":{"kind":"k","numbers":["x"]}}""", "inner.numbers[0]")]
    [InlineData("""{"name":"a","count":3,}""", "body")]
    [InlineData("""{"name":"a",/* three */"count":3}""", "body")]
    [InlineData("""{"name":"a","count":3} {}""", "body")]
    [InlineData("""[1]""", "body")]
    [InlineData("", "body")]
    [InlineData("""{"name":"a" "count":3}""", "body")]
    public void Refuses_and_names_the_field(string json, string fields)
    {
        var exception = Assert.ThrowsAny<JsonException>(() => Read(json));
        var errors = new FieldErrors();
        BadRequest.ExplainJson(exception, errors);
        Assert.Equal(fields.Split(','), errors.ByField.Keys);
        Assert.DoesNotContain(errors.ByField.Values.SelectMany(messages => messages), message => message.Contains("FirstCome", StringComparison.Ordinal) || message.Contains("System.", StringComparison.Ordinal));
    }

    [Fact]
    public void Refuses_what_is_nested_too_deeply()
    {
        var deep = string.Concat(Enumerable.Repeat("[", 16)) + string.Concat(Enumerable.Repeat("]", 16));
        Assert.ThrowsAny<JsonException>(() => JsonSerializer.Deserialize<JsonElement>("[" + deep + "]", ApiJson.Options));
        Assert.Equal(JsonValueKind.Array, JsonSerializer.Deserialize<JsonElement>(deep, ApiJson.Options).ValueKind);
    }

    [Fact]
    public void Writes_camel_case_in_utc_without_nulls_but_for_the_next_page()
    {
        var wish = new Wish("a", 1, new DateTimeOffset(2030, 1, 31, 18, 0, 0, TimeSpan.FromHours(9)), CampaignState.Paused, TimeSpan.FromSeconds(90));
        Assert.Equal("""{"name":"a","count":1,"at":"2030-01-31T09:00:00Z","state":"paused","within":"PT1M30S"}""", JsonSerializer.Serialize(wish, ApiJson.Options));
        Assert.Equal("""{"items":[],"next":null}""", JsonSerializer.Serialize(new Page<int>([], null), ApiJson.Options));
    }

    [Fact]
    public void Durations_survive_being_written_and_read() =>
        Gen.Long[0, 10_000L * 86_400 * 1_000].Select(TimeSpan.FromMilliseconds).Sample(duration =>
        {
            var json = JsonSerializer.Serialize(duration, ApiJson.Options);
            Assert.Equal(duration, JsonSerializer.Deserialize<TimeSpan>(json, ApiJson.Options));
        });

    [Theory]
    [InlineData("P"), InlineData("PT"), InlineData("P1Y"), InlineData("P1M"), InlineData("P1W"), InlineData("PT1D"), InlineData("P1H"), InlineData("PT1S1M"), InlineData("PT1.5H"), InlineData("-PT1H")]
    [InlineData("PT1"), InlineData("P1DT"), InlineData("PT1H "), InlineData("pt1h"), InlineData("P99999999D"), InlineData("PT.S"), InlineData("PTT1H"), InlineData("PT1HT1M"), InlineData("P1D1D")]
    public void Refuses_what_is_no_duration_of_ours(string text) => Assert.False(Duration.TryParse(text, out _));

    [Fact]
    public void Never_throws_anything_but_a_json_exception() =>
        Gen.Byte.Array[0, 60].Sample(bytes =>
        {
            try { JsonSerializer.Deserialize<Wish>(bytes, ApiJson.Options); }
            catch (JsonException exception)
            {
                var errors = new FieldErrors();
                BadRequest.ExplainJson(exception, errors);
                Assert.True(errors.Any);
            }
        });

    private static Wish Read(string json) => JsonSerializer.Deserialize<Wish>(json, ApiJson.Options)!;
}
