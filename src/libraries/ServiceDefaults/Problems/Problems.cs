using FirstCome.Contracts.Problems;
using Microsoft.AspNetCore.Http;

namespace FirstCome.ServiceDefaults;

/// <summary>Answers of RFC 9457: <c>application/problem+json</c> with type, title, status, detail, traceId and what the type adds.</summary>
public static class Problems
{
    /// <summary>What <c>Retry-After</c> says where nothing better is known.</summary>
    public static readonly TimeSpan RetryAfterDefault = TimeSpan.FromSeconds(1);

    /// <summary>A problem as an endpoint's result.</summary>
    /// <param name="detail">What happened this time and what to do; never secret, never an exception's text. Default: the type's meaning.</param>
    /// <param name="extensions">Further members, such as <c>opensAt</c>; written as <see cref="ApiJson"/> says.</param>
    /// <param name="retryAfter">Seconds for <c>Retry-After</c>, rounded up. 429 and 503 always carry one: 1 s by default.</param>
    public static IResult Result(ProblemType type, string? detail = null, IReadOnlyDictionary<string, object?>? extensions = null, TimeSpan? retryAfter = null) =>
        new ProblemResult(type, detail, extensions, retryAfter, null);

    /// <summary>Writes a problem from a middleware. Does nothing where the response has begun; its connection is then ended by the server.</summary>
    public static Task WriteAsync(
        HttpContext context, ProblemType type, string? detail = null, IReadOnlyDictionary<string, object?>? extensions = null, TimeSpan? retryAfter = null) =>
        new ProblemResult(type, detail, extensions, retryAfter, null).ExecuteAsync(context);
}
