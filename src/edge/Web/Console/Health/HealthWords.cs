using FirstCome.Web.Console.Shell;

namespace FirstCome.Web.Console.Health;

/// <summary>
/// What services say of themselves, which they say in English, in the operator's language: the texts <c>health.says.*</c> hold each sentence, with <c>{0}</c> for what differs from time to time.
/// A sentence that stands in none of them is told as it came.
/// </summary>
internal static class HealthWords
{
    private const string Prefix = "health.says.", Gap = "{0}";

    // The most particular first: one that is a beginning of another comes after it.
    private static readonly List<(string Before, string? After, string Korean)> s_sentences =
    [
        .. ConsoleTexts.All.Where(text => text.Key.StartsWith(Prefix, StringComparison.Ordinal)).OrderByDescending(text => text.Value.En.Length).Select(text =>
        {
            var parts = text.Value.En.Split(Gap);
            return (parts[0], parts.Length == 1 ? null : parts[1], text.Value.Ko);
        }),
    ];

    public static string Of(string said, ConsoleTexts texts)
    {
        if (texts.Language != ConsoleTexts.Korean) { return said; }
        foreach (var (before, after, korean) in s_sentences)
        {
            if (after is null && said == before) { return korean; }
            if (after is null || said.Length <= before.Length + after.Length || !said.StartsWith(before, StringComparison.Ordinal) || !said.EndsWith(after, StringComparison.Ordinal)) { continue; }
            return korean.Replace(Gap, said[before.Length..^after.Length], StringComparison.Ordinal);
        }
        return said;
    }
}
