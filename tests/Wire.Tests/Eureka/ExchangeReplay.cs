using System.Globalization;
using System.IO.Compression;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace FirstCome.WireTests.Eureka;

/// <summary>Sends recorded requests to our server and says how its answers differ from those recorded.</summary>
internal sealed class ExchangeReplay(HttpClient http, bool gzipIsShownDecoded = false)
{
    private static readonly string[] Instants =
    [
        "registrationTimestamp", "lastRenewalTimestamp", "evictionTimestamp", "serviceUpTimestamp", "lastUpdatedTimestamp", "lastDirtyTimestamp",
        "timestamp",
    ];

    // Instants of the recording begin here; the timestamps that requests bring along are older and must come back as they are.
    private const long RecordedSince = 1_790_000_000_000;

    /// <summary>Null where the answer is the recorded one.</summary>
    public async Task<string?> DifferenceAsync(RecordedExchange exchange, CancellationToken cancellation)
    {
        using var response = await SendAsync(exchange, cancellation);
        var difference = HeadDifference(exchange, response)
            ?? BodyDifference(exchange, await response.Content.ReadAsByteArrayAsync(cancellation), response.Content.Headers.ContentEncoding.Contains("gzip"));
        return difference is null ? null : $"{exchange.Name}: {difference}";
    }

    /// <summary>The recorded request, as it was sent.</summary>
    public async Task<HttpResponseMessage> SendAsync(RecordedExchange exchange, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(new HttpMethod(exchange.Method), exchange.Path);
        var contentType = exchange.RequestHeaders.FirstOrDefault(header => header.Key == "Content-Type").Value;
        if (exchange.Method is "POST" or "PUT")
        {
            request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes(exchange.RequestBody));
            if (!string.IsNullOrEmpty(contentType)) request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        }

        foreach (var (name, value) in exchange.RequestHeaders)
        {
            if (name is not ("Content-Type" or "Content-Length" or "Host" or "Connection" or "Transfer-Encoding" or "X-Recorded-At-Millis"))
                request.Headers.TryAddWithoutValidation(name, value);
        }

        return await http.SendAsync(request, cancellation);
    }

    private static string? HeadDifference(RecordedExchange exchange, HttpResponseMessage response)
    {
        if ((int)response.StatusCode != exchange.Status) return $"status {(int)response.StatusCode}, recorded {exchange.Status}";
        var recordedType = exchange.ResponseHeaders.GetValueOrDefault("Content-Type");
        if (response.Content.Headers.ContentType?.ToString().Replace(" ", "") != recordedType) return $"type {response.Content.Headers.ContentType}, recorded {recordedType}";
        var encoding = string.Join(',', response.Content.Headers.ContentEncoding);
        var recordedEncoding = exchange.ResponseHeaders.GetValueOrDefault("Content-Encoding", "");
        return encoding == recordedEncoding ? null : $"encoding {encoding}, recorded {recordedEncoding}";
    }

    private string? BodyDifference(RecordedExchange exchange, byte[] body, bool gzip)
    {
        if (exchange.Method == "HEAD") return body.Length == 0 ? null : "a body for HEAD";
        if (gzip) body = Decompress(body);
        var recorded = gzip && !gzipIsShownDecoded ? Decompress(exchange.ResponseBody) : exchange.ResponseBody;
        var (ours, theirs) = (Normal(body), Normal(recorded));
        return ours == theirs ? null : $"body\n  {ours}\nrecorded\n  {theirs}";
    }

    private static byte[] Decompress(byte[] bytes)
    {
        using var gzip = new GZipStream(new MemoryStream(bytes), CompressionMode.Decompress);
        using var plain = new MemoryStream();
        gzip.CopyTo(plain);
        return plain.ToArray();
    }

    /// <summary>The text with what may differ taken out: instants, the version of a delta, the order of instances and of metadata.</summary>
    private static string Normal(byte[] body)
    {
        var text = Encoding.UTF8.GetString(body).TrimEnd('\n');
        if (text.StartsWith('<')) return NormalXml.Of(text, RecordedSince);
        if (!text.StartsWith('{')) return text;
        var node = JsonNode.Parse(text)!;
        Normalise(node, name: null);
        return node.ToJsonString();
    }

    private static void Normalise(JsonNode? node, string? name)
    {
        if (node is JsonObject item)
        {
            foreach (var (key, value) in item.ToArray())
            {
                if (Instants.Contains(key)) item[key] = Instant(value!);
                else if (key == "versions__delta" && value!.GetValue<string>() != "-1") item[key] = "any";
                else Normalise(value, key);
            }

            if (name == "metadata") Sort(item);
        }
        else if (node is JsonArray array)
        {
            foreach (var element in array) Normalise(element, null);
            var sorted = array.Select(element => element!.DeepClone()).OrderBy(element => element.ToJsonString(), StringComparer.Ordinal).ToArray();
            array.Clear();
            foreach (var element in sorted) array.Add(element);
        }
    }

    private static void Sort(JsonObject item)
    {
        var entries = item.OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => KeyValuePair.Create(entry.Key, entry.Value?.DeepClone()))
            .ToArray();
        item.Clear();
        foreach (var (key, value) in entries) item[key] = value;
    }

    // Whether an instant is there, and whether it is text or a number, must agree.
    private static JsonNode Instant(JsonNode value)
    {
        var isText = value.GetValueKind() == JsonValueKind.String;
        if (isText && value.GetValue<string>().Contains('-')) return "an instant";
        var milliseconds = isText ? long.Parse(value.GetValue<string>(), CultureInfo.InvariantCulture) : value.GetValue<long>();
        if (milliseconds >= RecordedSince) milliseconds = RecordedSince;
        return isText ? JsonValue.Create($"{milliseconds}") : JsonValue.Create(milliseconds);
    }
}
