using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FirstCome.Contracts.Problems;
using FirstCome.Web.Pages;
using Xunit;

namespace FirstCome.RulesTests.Web;

public sealed partial class PageTextsTests
{
    private static readonly PageFiles s_files = new();

    private static string Asset(string name) => Encoding.UTF8.GetString(s_files.Asset(name)!.Content);

    // The module is two JSON objects behind the names that they are exported by.
    private static (Dictionary<string, Dictionary<string, string>> Texts, JsonElement Problems) Module()
    {
        var lines = Asset("texts.js").Split('\n');
        return (JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, string>>>(lines[0]["export const texts = ".Length..].TrimEnd(';'))!,
            JsonDocument.Parse(lines[1]["export const problems = ".Length..].TrimEnd(';')).RootElement);
    }

    [Fact]
    public void Both_languages_have_the_same_texts_with_the_same_gaps()
    {
        var (texts, _) = Module();
        Assert.Equal(texts["ko"].Keys, texts["en"].Keys);
        foreach (var (key, korean) in texts["ko"])
        {
            Assert.False(string.IsNullOrWhiteSpace(korean) || string.IsNullOrWhiteSpace(texts["en"][key]), $"{key} is empty");
            Assert.Equal(Gaps(korean), Gaps(texts["en"][key]));
        }
        static IEnumerable<string> Gaps(string text) => Gap().Matches(text).Select(match => match.Value).Order(StringComparer.Ordinal);
    }

    [Fact]
    public void Every_problem_has_its_words_in_both_languages()
    {
        var (_, problems) = Module();
        foreach (var type in ProblemTypes.All)
        {
            Assert.Equal(type.TitleKo, problems.GetProperty("ko").GetProperty(type.Slug).GetProperty("title").GetString());
            Assert.Equal(type.MeaningEn, problems.GetProperty("en").GetProperty(type.Slug).GetProperty("meaning").GetString());
        }
    }

    [Fact]
    public void Every_text_that_the_script_names_is_there()
    {
        var (texts, _) = Module();
        var named = s_files.Assets.Where(name => name.EndsWith(".js", StringComparison.Ordinal) && name != "texts.js").SelectMany(name => Named().Matches(Asset(name)).Select(match => match.Groups["key"].Value)).Distinct().ToList();
        Assert.True(named.Count > 30, "The script names its texts in another way than this test looks for.");
        Assert.Empty(named.Except(texts["ko"].Keys));
    }

    [Fact]
    public void A_text_without_its_translation_is_refused_at_start() =>
        Assert.Contains("greeting", Assert.Throws<InvalidDataException>(() => new PageTexts("""{"greeting":{"ko":"안녕하세요"}}"""u8)).Message, StringComparison.Ordinal);

    [Fact]
    public void Words_cannot_become_markup() =>
        Assert.Equal("<p>&lt;b&gt; &amp; &quot;</p>", new PageTexts("""{"a.b":{"ko":"<b> & \"","en":""}}"""u8).Fill("<p>{{a.b}}</p>", "ko", ""));

    [Fact]
    public void A_page_that_names_a_missing_text_is_refused_at_start() => Assert.Throws<InvalidDataException>(() => new PageTexts("{}"u8).Fill("{{no.such}}", "ko", ""));

    [GeneratedRegex(@"\{\w+\}")]
    private static partial Regex Gap();

    [GeneratedRegex(@"'(?<key>(?:page|list|when|counts|benefit|validity|perMember|audience|claim|face|wallet|coupon|profile|account|problem)\.[a-zA-Z.]+)'", RegexOptions.ExplicitCapture)]
    private static partial Regex Named();
}
