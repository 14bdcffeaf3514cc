using System.Text.Json;
using FirstCome.Eureka.Wire;

namespace FirstCome.DiscoveryServer.Peers;

/// <summary>What one server tells another of one instance.</summary>
internal sealed record ReplicationItem(ReplicationAction Action, string App, string Id)
{
    /// <summary>Unix milliseconds of the instance's last change of itself.</summary>
    public long? LastDirtyTimestamp { get; init; }

    /// <summary>Of an override that is set, or the one that stands once it is removed.</summary>
    public InstanceStatus Status { get; init; } = InstanceStatus.Unknown;

    /// <summary>The whole instance, of a registration.</summary>
    public InstanceInfo? Instance { get; init; }
}

internal enum ReplicationAction
{
    Register,
    Heartbeat,
    Cancel,
    StatusUpdate,
    DeleteStatusOverride,
}

/// <param name="Status">An HTTP status for each item.</param>
/// <param name="Newer">With 409: the instance that the other server holds and that changed itself later.</param>
internal readonly record struct ReplicationResult(int Status, InstanceInfo? Newer = null);

/// <summary>The bodies of <c>POST /peerreplication/batch/</c>, as the Java server writes and reads them.</summary>
internal static class ReplicationBody
{
    public const string Path = "peerreplication/batch/";
    public const int MostItems = 1000;
    public const int MostBytes = 8 * 1024 * 1024;

    /// <exception cref="JsonException">It is no batch.</exception>
    public static IReadOnlyList<ReplicationItem> ReadItems(ReadOnlyMemory<byte> body) => EurekaJsonReader.Read(body, root =>
    {
        var items = Elements(root, "replicationList");
        return items.Count <= MostItems ? items.ConvertAll(ReadItem) : throw new JsonException($"A batch has at most {MostItems} items.");
    });

    public static byte[] Write(IEnumerable<ReplicationItem> items) => EurekaJsonWriter.Document(writer =>
    {
        writer.WriteStartArray("replicationList");
        foreach (var item in items)
        {
            writer.WriteStartObject();
            writer.WriteString("appName", item.App);
            writer.WriteString("id", item.Id);
            if (item.LastDirtyTimestamp is { } timestamp) writer.WriteNumber("lastDirtyTimestamp", timestamp);
            if (item.Action != ReplicationAction.Cancel) writer.WriteString("status", WireNames.Of(item.Status));
            if (item.Instance is { } instance)
            {
                writer.WritePropertyName("instanceInfo");
                EurekaJsonWriter.Instance(writer, instance);
            }

            writer.WriteString("action", item.Action.ToString());
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    /// <exception cref="JsonException">It is no answer to a batch.</exception>
    public static IReadOnlyList<ReplicationResult> ReadResults(ReadOnlyMemory<byte> body) => EurekaJsonReader.Read(body, root =>
        Elements(root, "responseList").ConvertAll(ReadResult));

    public static byte[] Write(IEnumerable<ReplicationResult> results) => EurekaJsonWriter.Document(writer =>
    {
        writer.WriteStartArray("responseList");
        foreach (var result in results)
        {
            writer.WriteStartObject();
            writer.WriteNumber("statusCode", result.Status);
            if (result.Newer is { } newer)
            {
                writer.WritePropertyName("responseEntity");
                EurekaJsonWriter.Instance(writer, newer);
            }

            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    });

    private static ReplicationItem ReadItem(JsonElement item)
    {
        var action = Text(item, "action");
        if (!Enum.TryParse<ReplicationAction>(action, out var known) || known.ToString() != action) throw new JsonException("An item has an unknown action.");
        var app = Text(item, "appName") ?? throw new JsonException("An item needs appName.");
        var id = Text(item, "id") ?? throw new JsonException("An item needs id.");
        return new(known, app.ToUpperInvariant(), id)
        {
            LastDirtyTimestamp = Timestamp(item),
            Status = WireNames.Status(Text(item, "status")) ?? InstanceStatus.Unknown,
            Instance = Present(item, "instanceInfo") is { } instance ? EurekaJsonReader.Instance(instance) : null,
        };
    }

    private static ReplicationResult ReadResult(JsonElement result)
    {
        var isStatus = result.TryGetProperty("statusCode", out var status) && status.ValueKind == JsonValueKind.Number && status.TryGetInt32(out _);
        if (!isStatus) throw new JsonException("statusCode must be a number.");
        return new(status.GetInt32(), Present(result, "responseEntity") is { ValueKind: JsonValueKind.Object } newer ? EurekaJsonReader.Instance(newer) : null);
    }

    private static List<JsonElement> Elements(JsonElement root, string name)
    {
        var isList = root.ValueKind == JsonValueKind.Object && root.TryGetProperty(name, out var list) && list.ValueKind == JsonValueKind.Array;
        if (!isList) throw new JsonException($"The body must be {{\"{name}\":[…]}}.");
        var elements = root.GetProperty(name).EnumerateArray().ToList();
        return elements.TrueForAll(element => element.ValueKind == JsonValueKind.Object) ? elements : throw new JsonException($"{name} must hold objects.");
    }

    private static long? Timestamp(JsonElement item)
    {
        if (Present(item, "lastDirtyTimestamp") is not { } timestamp) return null;
        var isNumber = timestamp.ValueKind == JsonValueKind.Number && timestamp.TryGetInt64(out _);
        return isNumber ? timestamp.GetInt64() : throw new JsonException("lastDirtyTimestamp must be a number.");
    }

    private static string? Text(JsonElement item, string name) =>
        Present(item, name) is { ValueKind: JsonValueKind.String } text ? text.GetString() : null;

    private static JsonElement? Present(JsonElement owner, string name) =>
        owner.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
}
