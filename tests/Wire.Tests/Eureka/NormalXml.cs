using System.Globalization;
using System.Text.RegularExpressions;

namespace FirstCome.WireTests.Eureka;

/// <summary>XML, white space included, with what may differ taken out: instants, the version of a delta, the order of instances and of metadata.</summary>
internal static partial class NormalXml
{
    public static string Of(string text, long recordedSince)
    {
        text = Instant().Replace(text, instant =>
        {
            var milliseconds = Math.Min(long.Parse(instant.Groups[2].Value, CultureInfo.InvariantCulture), recordedSince);
            return $"<{instant.Groups[1].Value}>{milliseconds}<";
        });
        text = TextInstant().Replace(text, "<timestamp>an instant<");
        text = Version().Replace(text, "<versions__delta>any<");
        text = Metadata().Replace(text, entries => $"<metadata>{string.Join('\n', entries.Groups[1].Value.Split('\n').Order(StringComparer.Ordinal))}</metadata>");
        return Sorted(Application(), Application().Replace(text, application => Sorted(Instance(), application.Value)));
    }

    // Blocks in order of their text, where blocks stood.
    private static string Sorted(Regex block, string text)
    {
        var sorted = new Queue<string>(block.Matches(text).Select(match => match.Value).Order(StringComparer.Ordinal));
        return block.Replace(text, _ => sorted.Dequeue());
    }

    [GeneratedRegex(@"<(\w+Timestamp)>(\d+)<")]
    private static partial Regex Instant();

    [GeneratedRegex("<timestamp>[^<]+-[^<]+<")]
    private static partial Regex TextInstant();

    [GeneratedRegex(@"<versions__delta>\d+<")]
    private static partial Regex Version();

    [GeneratedRegex("<metadata>(.*?)</metadata>", RegexOptions.Singleline)]
    private static partial Regex Metadata();

    [GeneratedRegex("<application>.*?</application>", RegexOptions.Singleline)]
    private static partial Regex Application();

    [GeneratedRegex("<instance>.*?</instance>", RegexOptions.Singleline)]
    private static partial Regex Instance();
}
