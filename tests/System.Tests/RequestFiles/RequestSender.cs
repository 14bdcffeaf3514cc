using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Xunit;

namespace FirstCome.SystemTests.RequestFiles;

/// <summary>Sends the requests of one file in their order, as a person at an editor does: with the answers of named ones kept, and a look again where something takes a moment.</summary>
internal sealed partial class RequestSender(HttpClient http, IReadOnlyDictionary<string, string> variables)
{
    private static readonly TimeSpan s_moment = TimeSpan.FromSeconds(20);

    private readonly Dictionary<string, SentAnswer> _answers = [];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Sends the requests, up to one that takes something from an answer that does not have it; answers a line for that one, and for each whose status is not the promised one.</summary>
    public async Task<IReadOnlyList<string>> SendAllAsync(IReadOnlyList<FileRequest> requests)
    {
        var wrong = new List<string>();
        foreach (var (request, index) in requests.Select((request, index) => (request, index)))
        {
            var taken = References(requests.Skip(index + 1), request.Name);
            SentAnswer answer;
            try
            {
                answer = await SendAsync(request);
                // Only a look is sent again: until it says what is promised, and has what later requests take from it.
                for (var until = DateTimeOffset.UtcNow + s_moment; request.Method == "GET" && DateTimeOffset.UtcNow < until && !(answer.Status == request.Status && taken.All(path => answer.Find(path) is not null));)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(100), Cancel);
                    answer = await SendAsync(request);
                }
            }
            catch (InvalidDataException exception) { return [.. wrong, exception.Message]; }
            if (answer.Status != request.Status) { wrong.Add($"{request}: {answer.Status}, not {request.Status}: {answer.Text}"); }
            if (request.Name is { } name) { _answers[name] = answer; }
        }
        return wrong;
    }

    private static List<string> References(IEnumerable<FileRequest> later, string? name) => name is null ? [] :
        [.. later.SelectMany(request => Placeholder().Matches(request.Text)).Select(match => match.Groups[1].Value.Trim())
            .Where(reference => reference.StartsWith($"{name}.response.", StringComparison.Ordinal)).Select(reference => reference[$"{name}.response.".Length..]).Distinct()];

    private async Task<SentAnswer> SendAsync(FileRequest request)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), Fill(request.Url, request));
        if (request.Body is { } body) { message.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(Fill(body, request))); }
        foreach (var (name, value) in request.Headers)
        {
            var filled = Fill(value, request);
            if (!message.Headers.TryAddWithoutValidation(name, filled)) { message.Content!.Headers.TryAddWithoutValidation(name, filled); }
        }
        using var response = await http.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, Cancel);
        var etag = response.Headers.ETag?.ToString();
        // A stream has no end: its first line is its answer.
        if (response.Content.Headers.ContentType?.MediaType != "text/event-stream") { return new SentAnswer((int)response.StatusCode, await response.Content.ReadAsStringAsync(Cancel), etag); }
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(Cancel));
        return new SentAnswer((int)response.StatusCode, await lines.ReadLineAsync(Cancel) ?? throw new InvalidDataException($"{request}: the stream ended before its first line."), etag);
    }

    private string Fill(string text, FileRequest request) => Placeholder().Replace(text, match =>
    {
        var reference = match.Groups[1].Value.Trim();
        if (InstantFromNow().Match(reference) is { Success: true } instant) { return Instant(int.Parse(instant.Groups[1].Value, CultureInfo.InvariantCulture), instant.Groups[2].Value); }
        if (reference.Split(".response.", 2) is [var name, var path])
        {
            return (_answers.TryGetValue(name, out var answer) ? answer.Find(path) : null) ?? throw new InvalidDataException($"{request}: {reference} is not there: {answer?.Text}");
        }
        var value = variables.TryGetValue(reference, out var found) ? found : throw new InvalidDataException($"{request}: there is no {reference}.");
        // What a person pastes here is the token of the one synthetic member, whose answer the form cannot read.
        return value == "from-the-answer-before" ? _answers["synthetic"].Find("body.$.accessToken")! : Fill(value, request);
    });

    private static string Instant(int count, string unit) => (DateTimeOffset.UtcNow + (unit switch
    {
        "m" => TimeSpan.FromMinutes(count),
        "h" => TimeSpan.FromHours(count),
        _ => TimeSpan.FromDays(count),
    })).ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    [GeneratedRegex(@"\{\{([^{}]+)\}\}")]
    private static partial Regex Placeholder();

    [GeneratedRegex(@"^\$datetime iso8601 (-?\d+) ([mhd])$")]
    private static partial Regex InstantFromNow();

    private sealed record SentAnswer(int Status, string Text, string? ETag)
    {
        /// <summary>The value at <c>body.$.items[0].id</c> or of <c>headers.ETag</c>; null where there is none.</summary>
        public string? Find(string path)
        {
            if (path == "headers.ETag") { return ETag; }
            if (!path.StartsWith("body.$.", StringComparison.Ordinal)) { throw new InvalidDataException($"{path} is no form that is known."); }
            var node = JsonNode.Parse(Text);
            foreach (var step in path["body.$.".Length..].Replace("[", ".[", StringComparison.Ordinal).Split('.'))
            {
                node = step.StartsWith('[')
                    ? int.Parse(step.AsSpan(1, step.Length - 2), CultureInfo.InvariantCulture) is var index && node is JsonArray array && index < array.Count ? array[index] : null
                    : (node as JsonObject)?[step];
            }
            return node?.ToString();
        }
    }
}
