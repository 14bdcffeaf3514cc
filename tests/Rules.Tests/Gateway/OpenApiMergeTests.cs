using System.Text.Json.Nodes;
using FirstCome.Gateway.Documents;
using Xunit;

namespace FirstCome.RulesTests.Gateway;

public class OpenApiMergeTests
{
    private static readonly JsonObject s_users = Document("""
        {"openapi":"3.1.1","paths":{"/api/users":{"post":{"operationId":"signUp","responses":{"201":{"content":{"application/json":{"schema":{"$ref":"#/components/schemas/User"}}}}}}},"/health":{"get":{"responses":{}}}},
         "components":{"schemas":{"User":{"type":"object","properties":{"name":{"$ref":"#/components/schemas/Text"}}},"Text":{"type":"string"}},"securitySchemes":{"bearer":{"type":"http"}}}}
        """);

    private static readonly JsonObject s_coupons = Document("""
        {"openapi":"3.1.1","paths":{"/api/campaigns":{"post":{"operationId":"create","responses":{}}},"/internal/campaigns":{"get":{"responses":{}}}},
         "components":{"schemas":{"Text":{"type":"object","properties":{"ko":{"type":"string"}}},"Campaign":{"type":"array","items":{"$ref":"#/components/schemas/Text"}}},"securitySchemes":{"bearer":{"type":"http"}}}}
        """);

    private static readonly JsonObject s_cache = Document("""
        {"openapi":"3.1.1","paths":{"/api/campaigns":{"get":{"operationId":"list","responses":{}},"parameters":[]}},"components":{"schemas":{"Text":{"type":"string"}}}}
        """);

    [Fact]
    public void Public_paths_of_all_services_stand_together_and_others_do_not()
    {
        var merged = OpenApiMerge.Merge([("user-service", s_users), ("coupon-service", s_coupons), ("cache-service", s_cache)]);
        Assert.Equal(["/api/users", "/api/campaigns"], merged["paths"]!.AsObject().Select(path => path.Key));
        Assert.Equal(["post", "get", "parameters"], merged["paths"]!["/api/campaigns"]!.AsObject().Select(operation => operation.Key));
        Assert.Equal("coupon-service", (string?)merged["paths"]!["/api/campaigns"]!["post"]!["tags"]![0]);
        Assert.Equal("cache-service.list", (string?)merged["paths"]!["/api/campaigns"]!["get"]!["operationId"]);
        Assert.Equal(["user-service", "coupon-service", "cache-service"], merged["tags"]!.AsArray().Select(tag => (string?)tag!["name"]));
        Assert.Equal("3.1.1", (string?)merged["openapi"]);
        Assert.Equal("http", (string?)merged["components"]!["securitySchemes"]!["bearer"]!["type"]);
    }

    [Fact]
    public void Schemas_of_one_name_and_two_contents_are_told_apart()
    {
        var merged = OpenApiMerge.Merge([("user-service", s_users), ("coupon-service", s_coupons), ("cache-service", s_cache)]);
        var schemas = merged["components"]!["schemas"]!.AsObject();
        Assert.Equal(["Campaign", "CouponServiceText", "Text", "User"], schemas.Select(schema => schema.Key).Order(StringComparer.Ordinal));
        Assert.Equal("#/components/schemas/Text", (string?)schemas["User"]!["properties"]!["name"]!["$ref"]);
        Assert.Equal("#/components/schemas/CouponServiceText", (string?)schemas["Campaign"]!["items"]!["$ref"]);
        foreach (var reference in References(merged)) { Assert.True(schemas.ContainsKey(reference["#/components/schemas/".Length..]), reference); }
    }

    [Fact]
    public void The_documents_themselves_stay_as_they_are_and_nothing_is_needed_of_them()
    {
        var before = s_users.ToJsonString();
        OpenApiMerge.Merge([("user-service", s_users), ("empty", []), ("odd", Document("""{"paths":[],"components":7}"""))]);
        Assert.Equal(before, s_users.ToJsonString());
    }

    private static IEnumerable<string> References(JsonNode? node) => node switch
    {
        JsonObject map => map.SelectMany(pair => pair.Key == "$ref" ? [(string)pair.Value!] : References(pair.Value)),
        JsonArray list => list.SelectMany(References),
        _ => [],
    };

    private static JsonObject Document(string json) => JsonNode.Parse(json)!.AsObject();
}
