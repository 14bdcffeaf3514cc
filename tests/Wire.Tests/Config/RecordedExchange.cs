using System.Net.Sockets;
using System.Text;
using System.Text.RegularExpressions;
using Xunit;

namespace FirstCome.WireTests.Config;

/// <summary>One exchange of a recording: what was asked, byte for byte, and what the original answered.</summary>
internal sealed partial record RecordedExchange(string Method, string Target, IReadOnlyList<string> Headers, byte[] RequestBody, WireAnswer Answer)
{
    public static IReadOnlyList<RecordedExchange> Read(string file)
    {
        var text = Encoding.Latin1.GetString(File.ReadAllBytes(file));
        return [.. text.Split("\n=====\n").Select(Parse)];
    }

    /// <summary>Sends the request on a connection of its own, without a library that would tidy up its path.</summary>
    public async Task<WireAnswer> SendAsync(Uri server, CancellationToken cancellation)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port, cancellation);
        await using var stream = client.GetStream();
        var head = new StringBuilder($"{Method} {Target} HTTP/1.1\r\nHost: {server.Authority}\r\nConnection: close\r\n");
        foreach (var header in Headers)
            head.Append(header).Append("\r\n");
        if (RequestBody.Length > 0)
            head.Append("Content-Length: ").Append(RequestBody.Length).Append("\r\n");
        await stream.WriteAsync(Encoding.Latin1.GetBytes(head.Append("\r\n").ToString()), cancellation);
        await stream.WriteAsync(RequestBody, cancellation);
        using var answer = new MemoryStream();
        await stream.CopyToAsync(answer, cancellation);
        var text = Encoding.Latin1.GetString(answer.ToArray());
        var end = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
        Assert.True(end > 0, $"no HTTP answer: {text}");
        return WireAnswer.Parse(text[..end].Replace("\r\n", "\n", StringComparison.Ordinal), text[(end + 4)..]);
    }

    private static RecordedExchange Parse(string text)
    {
        var (request, answer) = Split(text, "\n---\n");
        var (requestHead, requestBody) = Split(request, "\n\n");
        var (answerHead, answerBody) = Split(answer, "\n\n");
        var lines = requestHead.TrimEnd('\n').Split('\n');
        var words = lines[0].Split(' ', 3);
        // Host and connection are our own; lengths follow from the body.
        var headers = lines.Skip(1).Where(line => !OwnHeaders().IsMatch(line)).ToList();
        return new RecordedExchange(words[1], words[2], headers, Encoding.Latin1.GetBytes(requestBody.TrimEnd('\n')), WireAnswer.Parse(answerHead, answerBody));
    }

    private static (string, string) Split(string text, string separator)
    {
        var at = text.IndexOf(separator, StringComparison.Ordinal);
        return at < 0 ? (text, "") : (text[..at], text[(at + separator.Length)..]);
    }

    [GeneratedRegex("^(?:Host|Connection|Content-Length|X-Recorded-At-Millis):", RegexOptions.IgnoreCase)]
    private static partial Regex OwnHeaders();
}

/// <param name="Body">Bytes as Latin-1, so that text and binary files compare alike; instants are taken out.</param>
internal sealed partial record WireAnswer(int Status, string? ContentType, string Body)
{
    public static WireAnswer Parse(string head, string body)
    {
        var lines = head.Split('\n');
        var type = lines.FirstOrDefault(line => line.StartsWith("Content-Type:", StringComparison.OrdinalIgnoreCase))?["Content-Type:".Length..].Trim();
        return new WireAnswer(int.Parse(lines[0].Split(' ')[1], null), type, Instant().Replace(body, "\"timestamp\":\"\""));
    }

    [GeneratedRegex("\"timestamp\":\"[^\"]*\"")]
    private static partial Regex Instant();
}
