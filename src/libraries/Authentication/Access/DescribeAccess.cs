using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace FirstCome.Authentication;

/// <summary>Tells in the OpenAPI document which operations need a token, and of whom.</summary>
internal sealed class DescribeAccess : IOpenApiOperationTransformer, IOpenApiDocumentTransformer
{
    private const string Scheme = "bearer";

    public Task TransformAsync(OpenApiOperation operation, OpenApiOperationTransformerContext context, CancellationToken cancellationToken)
    {
        if (context.Description.ActionDescriptor.EndpointMetadata.OfType<AccessRule>().LastOrDefault() is not { } rule) { return Task.CompletedTask; }
        operation.Security ??= [];
        operation.Security.Add(new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] });
        if (rule.AnyOf != Role.Member) { operation.Description = string.Join(" ", new[] { operation.Description, $"Needs the role {string.Join(" or ", Roles.Names(rule.AnyOf))}." }.Where(text => !string.IsNullOrEmpty(text))); }
        return Task.CompletedTask;
    }

    public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
    {
        document.Components ??= new OpenApiComponents();
        document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
        document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
        {
            Type = SecuritySchemeType.Http,
            Scheme = Scheme,
            BearerFormat = "JWT",
            Description = "The accessToken of POST /api/auth/sign-in, good for ten minutes.",
        };
        return Task.CompletedTask;
    }
}
