using System.Globalization;
using System.Text;
using Xunit;

namespace FirstCome.WireTests.Eureka;

/// <summary>One request and its answer, as a real server was recorded to give it.</summary>
internal sealed record RecordedExchange(
    string Name, string Method, string Path, IReadOnlyList<KeyValuePair<string, string>> RequestHeaders, string RequestBody,
    int Status, IReadOnlyDictionary<string, string> ResponseHeaders, byte[] ResponseBody)
{
    private static readonly byte[] Separator = "\n---\n"u8.ToArray();

    /// <summary>The folder of the recordings of the registry; absent recordings skip the test.</summary>
    public static string Folder()
    {
        var root = Environment.GetEnvironmentVariable("FIRSTCOME_FIXTURES") ?? BesideTheRepository();
        var folder = root is null ? null : System.IO.Path.Combine(root, "spring", "eureka");
        Assert.SkipUnless(Directory.Exists(folder), "recordings of a real Eureka server are absent (FIRSTCOME_FIXTURES, or ../shared/fixtures)");
        return folder!;
    }

    public static RecordedExchange Load(string folder, string name) =>
        Parse(name, File.ReadAllBytes(System.IO.Path.Combine(folder, name + ".http")));

    public static IEnumerable<RecordedExchange> LoadSession(string folder, string name)
    {
        var exchanges = File.ReadAllText(System.IO.Path.Combine(folder, name + ".http")).Split("\n=====\n");
        return exchanges.Select((exchange, index) => Parse($"{name} #{index + 1}", Encoding.UTF8.GetBytes(exchange)));
    }

    private static RecordedExchange Parse(string name, byte[] file)
    {
        var at = file.AsSpan().IndexOf(Separator);
        var (requestHead, requestBody) = HeadAndBody(Encoding.UTF8.GetString(file.AsSpan(0, at)));
        var request = requestHead[0].Split(' ', 3);

        var answer = file.AsSpan(at + Separator.Length);
        var end = answer.IndexOf("\n\n"u8);
        var answerHead = Encoding.UTF8.GetString(end < 0 ? answer : answer[..end]).Split('\n');
        return new(
            name, request[1], request[2], Headers(requestHead), requestBody.TrimEnd('\n'),
            int.Parse(answerHead[0].Split(' ')[1], CultureInfo.InvariantCulture),
            Headers(answerHead).DistinctBy(header => header.Key).ToDictionary(header => header.Key, header => header.Value, StringComparer.OrdinalIgnoreCase),
            end < 0 ? [] : answer[(end + 2)..].ToArray());
    }

    private static (string[] Head, string Body) HeadAndBody(string text)
    {
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        return end < 0 ? (text.Split('\n', StringSplitOptions.RemoveEmptyEntries), "") : (text[..end].Split('\n'), text[(end + 2)..]);
    }

    private static List<KeyValuePair<string, string>> Headers(string[] head) =>
        [.. head.Skip(1).Select(line => line.Split(": ", 2)).Where(header => header.Length == 2).Select(header => KeyValuePair.Create(header[0], header[1]))];

    private static string? BesideTheRepository()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (folder is not null && !File.Exists(System.IO.Path.Combine(folder.FullName, "FirstCome.slnx"))) folder = folder.Parent;
        return folder?.Parent is { } parent ? System.IO.Path.Combine(parent.FullName, "shared", "fixtures") : null;
    }
}
