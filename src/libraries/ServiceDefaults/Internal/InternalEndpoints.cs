using System.Security.Cryptography;
using System.Text;
using FirstCome.Contracts.Internal;
using FirstCome.Contracts.Problems;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace FirstCome.ServiceDefaults;

/// <summary>The paths between services.</summary>
public static class InternalEndpoints
{
    /// <summary>The group <c>/internal</c>: answers 401 without the service key (compared in fixed time) and stands in no OpenAPI document. The gateway never routes it.</summary>
    public static RouteGroupBuilder MapInternal(this IEndpointRouteBuilder routes)
    {
        var expected = SHA256.HashData(Encoding.UTF8.GetBytes(routes.ServiceProvider.GetRequiredService<IOptions<ServiceOptions>>().Value.Key));
        var group = routes.MapGroup("/internal").ExcludeFromDescription();
        group.AddEndpointFilter((context, next) =>
        {
            var given = context.HttpContext.Request.Headers[InternalApi.ServiceKeyHeader].ToString();
            Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
            SHA256.HashData(Encoding.UTF8.GetBytes(given), hash);
            return CryptographicOperations.FixedTimeEquals(hash, expected)
                ? next(context)
                : ValueTask.FromResult<object?>(Problems.Result(ProblemTypes.Unauthenticated, "This path is for services only; send their key."));
        });
        return group;
    }
}
