using System.Globalization;
using System.Text.RegularExpressions;

namespace FirstCome.SystemTests.RequestFiles;

/// <summary>One request of a file, with its variables still in it.</summary>
/// <param name="Name">Of <c># @name</c>; null where no later request takes anything from it.</param>
/// <param name="Status">What <c># → 201</c> promises.</param>
internal sealed record FileRequest(string File, int Line, string Title, string? Name, int Status, string Method, string Url, IReadOnlyList<(string Name, string Value)> Headers, string? Body)
{
    /// <summary>Everything in which variables may stand.</summary>
    public string Text => string.Join('\n', [Url, .. Headers.Select(header => header.Value), Body ?? ""]);

    public override string ToString() => $"{File}:{Line} {Method} {Url} ({Title})";
}

/// <summary>
/// A file of requests in the form that editors send. Of the form only what the files use: <c>@name = value</c> before the first request or before a request's line, <c>###</c> between
/// requests, <c># @name</c>, <c># → status</c>, the request's line, headers, a body. Whatever else stands in a file is an error, so that nothing is passed over.
/// </summary>
internal sealed partial class RequestFile
{
    public required string Name { get; init; }

    public Dictionary<string, string> Variables { get; } = [];

    public List<FileRequest> Requests { get; } = [];

    public static RequestFile Read(string name, string text)
    {
        var file = new RequestFile { Name = name };
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var starts = Enumerable.Range(0, lines.Length).Where(line => lines[line].StartsWith("###", StringComparison.Ordinal)).ToList();
        var at = 0;
        if (file.ReadPreamble(lines, ref at, starts.Count == 0 ? lines.Length : starts[0]) is { } early) { throw file.Wrong(at, $"\"{early}\" stands before the first ###"); }
        for (var i = 0; i < starts.Count; i++) { file.Requests.Add(file.ReadRequest(lines, starts[i], i + 1 < starts.Count ? starts[i + 1] : lines.Length)); }
        return file;
    }

    // Comments, empty lines and variables; answers the first line that is none of them.
    private string? ReadPreamble(string[] lines, ref int at, int end, Action<string>? comment = null)
    {
        for (; at < end; at++)
        {
            var line = lines[at].Trim();
            if (line.StartsWith('#')) { comment?.Invoke(line); }
            else if (VariableLine().Match(line) is { Success: true } variable) { Variables[variable.Groups[1].Value] = variable.Groups[2].Value; }
            else if (line.Length > 0) { return line; }
        }
        return null;
    }

    private FileRequest ReadRequest(string[] lines, int start, int end)
    {
        string? name = null;
        var statuses = new List<int>();
        var at = start + 1;
        var first = ReadPreamble(lines, ref at, end, comment =>
        {
            if (NameLine().Match(comment) is { Success: true } named) { name = named.Groups[1].Value; }
            if (StatusLine().Match(comment) is { Success: true } promised) { statuses.Add(int.Parse(promised.Groups[1].Value, CultureInfo.InvariantCulture)); }
        });
        if (first is null || RequestLine().Match(first) is not { Success: true } request) { throw Wrong(start, "no request line after ###"); }
        if (statuses.Count != 1) { throw Wrong(start, "one line such as \"# → 201\" must tell the status"); }
        var line = at;
        var headers = new List<(string, string)>();
        for (at++; at < end && lines[at].Trim().Length > 0; at++)
        {
            var header = HeaderLine().Match(lines[at]);
            if (!header.Success) { throw Wrong(at, "no header"); }
            headers.Add((header.Groups[1].Value, header.Groups[2].Value.Trim()));
        }
        var body = string.Join('\n', lines[Math.Min(at, end)..end]).Trim('\n');
        return new FileRequest(
            Name, line + 1, lines[start].TrimStart('#').Trim(), name, statuses[0], request.Groups[1].Value, request.Groups[2].Value, headers, body.Length == 0 ? null : body);
    }

    private FormatException Wrong(int line, string what) => new($"{Name}:{line + 1}: {what}");

    [GeneratedRegex(@"^@([\w-]+)\s*=\s*(.*)$")]
    private static partial Regex VariableLine();

    [GeneratedRegex(@"^#\s*@name\s+([\w-]+)$")]
    private static partial Regex NameLine();

    [GeneratedRegex(@"^# → (\d{3})$")]
    private static partial Regex StatusLine();

    [GeneratedRegex(@"^(GET|POST|PUT|PATCH|DELETE) (\S.*)$")]
    private static partial Regex RequestLine();

    [GeneratedRegex(@"^([\w-]+):(.*)$")]
    private static partial Regex HeaderLine();
}
