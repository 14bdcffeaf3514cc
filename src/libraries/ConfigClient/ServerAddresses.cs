using System.Net;
using System.Text.Json;

namespace FirstCome.ConfigClient;

/// <param name="UserName">With <paramref name="Password"/>, what the registry says of credentials; null for the options' own.</param>
internal sealed record ServerAddress(Uri Url, string? UserName = null, string? Password = null);

/// <summary>Where the config servers are: as the options say, or as a Eureka registry says when it is asked first.</summary>
internal sealed class ServerAddresses(ConfigClientOptions options)
{
    private const int AddressesMax = 16;
    private static readonly JsonDocumentOptions JsonLimits = new() { MaxDepth = 32 };

    private volatile IReadOnlyList<ServerAddress> _current = [.. options.Urls.Select(url => new ServerAddress(url))];

    public IReadOnlyList<ServerAddress> Current => _current;

    /// <summary>Questions for the registries, to be asked one after the other until one is taken; none where the addresses are given.</summary>
    public IEnumerable<HttpRequestMessage> Questions() => options.DiscoveryUrls.Select(registry =>
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"{registry.AbsoluteUri.TrimEnd('/')}/apps/{Uri.EscapeDataString(options.DiscoveryServiceId)}");
        request.Headers.Accept.ParseAdd("application/json");
        return request;
    });

    /// <summary>Takes a registry's answer; addresses that were known stay when it names none.</summary>
    /// <exception cref="FormatException">It names no config server that is up.</exception>
    public void Take(Uri registry, HttpStatusCode status, ReadOnlyMemory<byte> body)
    {
        if (status != HttpStatusCode.OK)
            throw new FormatException($"the registry at {registry.Authority} answered {(int)status} for {options.DiscoveryServiceId}");
        try
        {
            using var document = JsonDocument.Parse(body, JsonLimits);
            var found = Instances(document.RootElement).Select(Read).OfType<ServerAddress>().Take(AddressesMax).ToList();
            _current = found.Count > 0 ? found : throw new FormatException($"the registry at {registry.Authority} has no {options.DiscoveryServiceId} that is up");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // Half a character in a text is noticed only when it is read.
            throw new FormatException($"the answer of the registry at {registry.Authority} is not JSON: {e.Message}", e);
        }
    }

    /// <summary>Some registries write a list of one as its element.</summary>
    private static List<JsonElement> Instances(JsonElement answer)
        => answer.ValueKind == JsonValueKind.Object && answer.TryGetProperty("application", out var application)
            && application.ValueKind == JsonValueKind.Object && application.TryGetProperty("instance", out var instances)
            ? instances.ValueKind == JsonValueKind.Array ? [.. instances.EnumerateArray()] : [instances]
            : [];

    private static ServerAddress? Read(JsonElement instance)
    {
        if (instance.ValueKind != JsonValueKind.Object || Text(instance, "status") != "UP")
            return null;
        var metadata = instance.TryGetProperty("metadata", out var found) && found.ValueKind == JsonValueKind.Object ? found : default;
        var secure = IsEnabled(instance, "securePort");
        var port = instance.TryGetProperty(secure ? "securePort" : "port", out var ports) && ports.ValueKind == JsonValueKind.Object && ports.TryGetProperty("$", out var number)
            ? number.ToString() : "";
        var address = $"{(secure ? "https" : "http")}://{Text(instance, "hostName") ?? Text(instance, "ipAddr")}:{port}/{Text(metadata, "configPath")?.TrimStart('/')}";
        if (!Uri.TryCreate(address, UriKind.Absolute, out var url) || url.UserInfo.Length > 0)
            return null;
        var password = Text(metadata, "password");
        return new ServerAddress(url, password is null ? null : Text(metadata, "user") ?? "user", password);
    }

    private static bool IsEnabled(JsonElement instance, string port)
        => instance.TryGetProperty(port, out var found) && found.ValueKind == JsonValueKind.Object && found.TryGetProperty("@enabled", out var enabled)
            && string.Equals(enabled.ToString(), "true", StringComparison.OrdinalIgnoreCase);

    private static string? Text(JsonElement element, string name)
        => element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var text) && text.ValueKind == JsonValueKind.String ? text.GetString() : null;
}
