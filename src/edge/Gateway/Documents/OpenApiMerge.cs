using System.Text.Json.Nodes;

namespace FirstCome.Gateway.Documents;

/// <summary>Makes one OpenAPI document of several. Pure.</summary>
internal static class OpenApiMerge
{
    private const string SchemaReference = "#/components/schemas/";

    /// <summary>
    /// Paths of the public API only. Operations are tagged with their service. Of schemas with the same name and another content the later ones are named after their service: <c>Claim</c>, <c>IssueServiceClaim</c>.
    /// </summary>
    /// <param name="documents">Service and its document, in the order in which they are to appear.</param>
    public static JsonObject Merge(IReadOnlyList<(string Service, JsonObject Document)> documents)
    {
        var paths = new JsonObject();
        var schemas = new JsonObject();
        var securitySchemes = new JsonObject();
        var tags = new JsonArray();
        foreach (var (service, original) in documents)
        {
            var document = (JsonObject)original.DeepClone();
            var names = NamesOf(service, In(document, "schemas"), schemas);
            Rename(document, names);
            AddMissing(In(document, "schemas"), schemas, names);
            AddMissing(In(document, "securitySchemes"), securitySchemes, null);
            if (AddPaths(service, document["paths"] as JsonObject, paths)) { tags.Add(new JsonObject { ["name"] = service }); }
        }
        var version = documents.Select(each => Text(each.Document["openapi"])).OfType<string>().DefaultIfEmpty("3.1.1").Max(StringComparer.Ordinal);
        var components = new JsonObject { ["schemas"] = schemas };
        if (securitySchemes.Count > 0) { components["securitySchemes"] = securitySchemes; }
        return new JsonObject
        {
            ["openapi"] = version,
            ["info"] = new JsonObject
            {
                ["title"] = "FirstCome",
                ["version"] = "v1",
                ["description"] = "First-come-first-served coupons. 선착순 쿠폰 발급. Sign in at `POST /api/auth/sign-in` and send the access token as `Authorization: Bearer …`. Problems are explained at [/problems](/problems).",
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["paths"] = paths,
            ["components"] = components,
            ["tags"] = tags,
        };
    }

    private static JsonObject? In(JsonObject document, string part) => (document["components"] as JsonObject)?[part] as JsonObject;

    private static string? Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    private static bool IsPublic(string path) => path.StartsWith("/api/", StringComparison.Ordinal) || path.StartsWith("/.well-known/", StringComparison.Ordinal);

    /// <summary>Which of the service's schemas must have another name because another service has that one already, with another content.</summary>
    private static Dictionary<string, string> NamesOf(string service, JsonObject? own, JsonObject merged)
    {
        var names = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, schema) in own ?? [])
        {
            if (merged[name] is { } other && !JsonNode.DeepEquals(other, schema)) { names[name] = Pascal(service) + name; }
        }
        return names;
    }

    private static void Rename(JsonNode? node, Dictionary<string, string> names)
    {
        if (names.Count == 0) { return; }
        switch (node)
        {
            case JsonObject map:
                foreach (var (key, value) in map.ToList())
                {
                    if (Text(value) is { } reference && Renamed(reference, names) is { } renamed) { map[key] = renamed; }
                    else { Rename(value, names); }
                }
                break;
            case JsonArray list:
                foreach (var item in list) { Rename(item, names); }
                break;
        }
    }

    private static string? Renamed(string reference, Dictionary<string, string> names) =>
        reference.StartsWith(SchemaReference, StringComparison.Ordinal) && names.TryGetValue(reference[SchemaReference.Length..], out var name) ? SchemaReference + name : null;

    private static void AddMissing(JsonObject? own, JsonObject merged, Dictionary<string, string>? names)
    {
        foreach (var (name, value) in own?.ToList() ?? [])
        {
            var kept = names?.GetValueOrDefault(name) ?? name;
            own!.Remove(name);
            merged.TryAdd(kept, value);
        }
    }

    private static bool AddPaths(string service, JsonObject? own, JsonObject merged)
    {
        var any = false;
        foreach (var (path, item) in own?.ToList() ?? [])
        {
            if (!IsPublic(path) || item is not JsonObject operations) { continue; }
            any = true;
            own!.Remove(path);
            if (merged[path] is not JsonObject target) { merged[path] = target = []; }
            foreach (var (method, operation) in operations.ToList())
            {
                operations.Remove(method);
                if (operation is JsonObject described && described.ContainsKey("responses"))
                {
                    described["tags"] = new JsonArray(service);
                    if (Text(described["operationId"]) is { } id) { described["operationId"] = $"{service}.{id}"; }
                }
                target.TryAdd(method, operation);
            }
        }
        return any;
    }

    private static string Pascal(string service) => string.Concat(service.Split('-').Select(part => char.ToUpperInvariant(part[0]) + part[1..]));
}
