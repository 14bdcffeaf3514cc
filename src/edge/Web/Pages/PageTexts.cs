using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using FirstCome.Contracts.Problems;

namespace FirstCome.Web.Pages;

/// <summary>
/// The words of the pages, in both languages: those of <c>texts.json</c> and, for refusals, those of the catalogue of problems. The page is filled with them here, so that it can be
/// read before its script has come; the script gets the same words as a module.
/// </summary>
internal sealed partial class PageTexts
{
    private readonly Dictionary<string, Dictionary<string, string>> _texts;

    public PageTexts(ReadOnlySpan<byte> json)
    {
        _texts = JsonSerializer.Deserialize<Dictionary<string, Dictionary<string, string>>>(json) ?? throw new InvalidDataException("texts.json holds nothing.");
        var incomplete = _texts.Where(text => !Language.All.All(text.Value.ContainsKey) || text.Value.Count != Language.All.Count).Select(text => text.Key).ToList();
        if (incomplete.Count > 0) { throw new InvalidDataException($"texts.json must give each text in {string.Join(" and ", Language.All)}; look at {string.Join(", ", incomplete)}."); }
    }

    public IReadOnlyCollection<string> Keys => _texts.Keys;

    /// <summary>Puts the words in the place of <c>{{key}}</c>, and the language and the assets' folder in those of <c>{{lang}}</c> and <c>{{assets}}</c>.</summary>
    public string Fill(string template, string language, string assets) => Placeholder().Replace(template, match => match.Groups["key"].Value switch
    {
        "lang" => language,
        "assets" => assets,
        var key => WebUtility.HtmlEncode(_texts.TryGetValue(key, out var text) ? text[language] : throw new InvalidDataException($"The page names the text \"{key}\", which texts.json does not have.")),
    });

    /// <summary>The same words as a module of the script: <c>texts[language][key]</c> and <c>problems[language][slug]</c>.</summary>
    public byte[] ToModule()
    {
        var texts = Language.All.ToDictionary(language => language, language => _texts.ToDictionary(text => text.Key, text => text.Value[language]));
        var problems = new Dictionary<string, Dictionary<string, ProblemText>>
        {
            [Language.Korean] = ProblemTypes.All.ToDictionary(type => type.Slug, type => new ProblemText(type.TitleKo, type.MeaningKo)),
            [Language.English] = ProblemTypes.All.ToDictionary(type => type.Slug, type => new ProblemText(type.TitleEn, type.MeaningEn)),
        };
        return Encoding.UTF8.GetBytes($"export const texts = {Json(texts)};\nexport const problems = {Json(problems)};\n");
    }

    private static string Json<T>(T value) => JsonSerializer.Serialize(value, s_json);

    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.Create(System.Text.Unicode.UnicodeRanges.All) };

    private sealed record ProblemText(string Title, string Meaning);

    [GeneratedRegex(@"\{\{(?<key>[a-zA-Z.]+)\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
