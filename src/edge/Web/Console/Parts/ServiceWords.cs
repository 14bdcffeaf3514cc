using System.Globalization;
using System.Text.RegularExpressions;
using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Parts;

/// <summary>
/// What services say, which they say in English, in the operator's language: the texts <c>says.*</c> hold each sentence, with <c>{0}</c>, <c>{1}</c>, … for what differs from time to time.
/// A sentence that stands in none of them is told as it came. What fills a place, such as a coupon's state, has its own words in <c>word.*</c>, where it is no number or name.
/// </summary>
internal static class ServiceWords
{
    private const string Prefix = "says.", Word = "word.";
    private static readonly TimeSpan s_matchMax = TimeSpan.FromMilliseconds(100);

    // The most particular first: one that is a beginning of another comes after it.
    private static readonly List<(Regex English, string Korean)> s_sentences =
    [
        .. ConsoleTexts.All.Where(text => text.Key.StartsWith(Prefix, StringComparison.Ordinal)).OrderByDescending(text => text.Value.En.Length).Select(text => (Pattern(text.Value.En), text.Value.Ko)),
    ];

    /// <summary>The sentence in the operator's language; as it came, and told to be English, where there are no words for it.</summary>
    public static (string Words, bool IsForeign) Of(string said, ConsoleTexts texts)
    {
        said = ConsoleTexts.WithInstants(said);
        if (texts.Language != ConsoleTexts.Korean || said.Length == 0) { return (said, false); }
        foreach (var (english, korean) in s_sentences)
        {
            if (english.Match(said) is { Success: true } match)
            {
                return (string.Format(CultureInfo.InvariantCulture, korean, [.. match.Groups.Values.Skip(1).Select(group => texts.Known(Word, group.Value))]), false);
            }
        }
        return (said, true);
    }

    private static Regex Pattern(string english) =>
        new($"^{Regex.Replace(Regex.Escape(english), @"\\\{\d}", "(.+?)")}$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking | RegexOptions.Singleline, s_matchMax);
}
