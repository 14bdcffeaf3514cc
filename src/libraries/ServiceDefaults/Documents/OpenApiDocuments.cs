using System.Reflection;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.OpenApi;

namespace FirstCome.ServiceDefaults;

internal static class OpenApiDocuments
{
    private const string ProblemSchema = "Problem";

    /// <summary><c>/openapi/v1.json</c>: every operation tells that it may answer with a problem.</summary>
    public static void AddDocuments(this IServiceCollection services) => services.AddOpenApi(options =>
    {
        options.AddDocumentTransformer<Describe>();
        options.AddOperationTransformer((operation, context, _) =>
        {
            operation.Responses ??= [];
            var problem = new OpenApiSchemaReference(ProblemSchema, context.Document);
            // The framework's ProblemDetails lacks traceId and errors.
            foreach (var content in operation.Responses.Values.Select(response => response.Content).OfType<IDictionary<string, OpenApiMediaType>>())
            {
                if (content.ContainsKey(ProblemResult.MediaType)) { content[ProblemResult.MediaType] = new() { Schema = problem }; }
            }
            operation.Responses.TryAdd("default", new OpenApiResponse
            {
                Description = "A problem (RFC 9457); its type names the page that explains it.",
                Content = new Dictionary<string, OpenApiMediaType>
                {
                    [ProblemResult.MediaType] = new() { Schema = problem },
                },
            });
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<MethodInfo>().Any(TakesPage)) { AddPageParameters(operation); }
            return Task.CompletedTask;
        });
        // The converters of ApiJson hide from the generator what they write.
        options.AddSchemaTransformer((schema, context, _) =>
        {
            var type = Nullable.GetUnderlyingType(context.JsonTypeInfo.Type) ?? context.JsonTypeInfo.Type;
            if (schema.Type is null && type == typeof(DateTimeOffset)) { (schema.Type, schema.Format) = (JsonSchemaType.String, "date-time"); }
            if (schema.Type is null && type == typeof(TimeSpan)) { (schema.Type, schema.Format) = (JsonSchemaType.String, "duration"); }
            return Task.CompletedTask;
        });
    });

    private static bool TakesPage(MethodInfo handler) => handler.GetParameters().Any(parameter => parameter.ParameterType == typeof(PageRequest));

    // PageRequest binds itself, so the generator does not see what it reads.
    private static void AddPageParameters(OpenApiOperation operation)
    {
        operation.Parameters ??= [];
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = "limit",
            In = ParameterLocation.Query,
            Description = $"How many items, 1 to {PageRequest.LimitMax}; default {PageRequest.LimitDefault}.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.Integer },
        });
        operation.Parameters.Add(new OpenApiParameter
        {
            Name = "after",
            In = ParameterLocation.Query,
            Description = "The next of an earlier page; opaque.",
            Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = PageRequest.AfterLengthMax },
        });
    }

    private sealed class Describe(ServiceIdentity identity) : IOpenApiDocumentTransformer
    {
        public Task TransformAsync(OpenApiDocument document, OpenApiDocumentTransformerContext context, CancellationToken cancellationToken)
        {
            document.Info.Title = identity.Name;
            document.Servers = [];
            document.Components ??= new OpenApiComponents();
            document.Components.Schemas ??= new Dictionary<string, IOpenApiSchema>();
            document.Components.Schemas.Remove("ProblemDetails");
            document.Components.Schemas.Remove("HttpValidationProblemDetails");
            document.Components.Schemas[ProblemSchema] = new OpenApiSchema
            {
                Type = JsonSchemaType.Object,
                Required = new HashSet<string> { "type", "title", "status", "detail", "traceId" },
                Properties = new Dictionary<string, IOpenApiSchema>
                {
                    ["type"] = new OpenApiSchema { Type = JsonSchemaType.String, Description = "/problems/{slug}: decide by it." },
                    ["title"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    ["status"] = new OpenApiSchema { Type = JsonSchemaType.Integer },
                    ["detail"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    ["traceId"] = new OpenApiSchema { Type = JsonSchemaType.String },
                    ["errors"] = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Description = "With 400: what to change, by field.",
                        AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.String } },
                    },
                },
            };
            return Task.CompletedTask;
        }
    }
}
