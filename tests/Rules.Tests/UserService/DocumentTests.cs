using System.Net;
using Xunit;

namespace FirstCome.RulesTests.UserService;

public sealed class DocumentTests(SharedUserService shared) : IClassFixture<SharedUserService>
{
    [Fact]
    public async Task The_document_names_and_describes_every_operation_and_no_internal_one()
    {
        var document = await shared.Service.AskAsync(HttpStatusCode.OK, HttpMethod.Get, "/openapi/v1.json");
        var operations = document["paths"]!.AsObject()
            .SelectMany(path => path.Value!.AsObject().Select(operation => (Name: $"{operation.Key} {path.Key}", Operation: operation.Value!.AsObject())))
            .ToList();
        Assert.Equal(
            [
                "delete /api/users/me", "get /.well-known/jwks.json", "get /api/operations/members", "get /api/users", "get /api/users/audit", "get /api/users/me", "get /api/users/{id}",
                "patch /api/users/me",
                "post /api/auth/keys/rotate", "post /api/auth/password-reset", "post /api/auth/refresh", "post /api/auth/sign-in", "post /api/auth/sign-out",
                "post /api/auth/sign-out-everywhere", "post /api/rehearsals/{campaignId}/members", "post /api/users", "post /api/users/{id}/lock",
                "post /api/users/{id}/password-reset", "post /api/users/{id}/unlock", "put /api/users/me/password", "put /api/users/{id}/attributes",
                "put /api/users/{id}/roles",
            ], operations.Select(operation => operation.Name).Order(StringComparer.Ordinal));
        Assert.All(operations, operation =>
        {
            Assert.NotEmpty((string)operation.Operation["operationId"]!);
            Assert.NotEmpty((string)operation.Operation["summary"]!);
            Assert.NotEmpty((string)operation.Operation["description"]!);
            Assert.Contains(operation.Operation["responses"]!.AsObject(), response => response.Key.StartsWith('2'));
        });
        Assert.Equal(operations.Count, operations.Select(operation => (string)operation.Operation["operationId"]!).Distinct().Count());
    }
}
