using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using FirstCome.Contracts.Problems;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FirstCome.ServiceDefaults;

/// <summary>Makes a problem of every exception and of every bare status code of 400 and above.</summary>
internal sealed class ProblemMiddleware(RequestDelegate next, TimeProvider time, ILogger<ProblemMiddleware> logger)
{
    private const int QuietMs = 1_000;
    private long _toldAt;
    private long _untold;

    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
        }
        catch (Exception exception) when (!context.Response.HasStarted)
        {
            await AnswerAsync(context, exception);
            return;
        }
        var response = context.Response;
        if (response.StatusCode >= 400 && !response.HasStarted && response.ContentLength is null && response.ContentType is null && TypeOf(response.StatusCode) is { } type)
        {
            await Problems.WriteAsync(context, type);
        }
    }

    private Task AnswerAsync(HttpContext context, Exception exception)
    {
        if (context.RequestAborted.IsCancellationRequested && exception is (OperationCanceledException or IOException))
        {
            // Nobody is there to read an answer; 499 is what the metrics show.
            context.Response.StatusCode = 499;
            return Task.CompletedTask;
        }
        switch (exception)
        {
            case InvalidRequestException invalid:
                return invalid.Errors.ToResult().ExecuteAsync(context);
            case BadHttpRequestException { StatusCode: 400 } bad:
                return BadRequest.Explain(bad).ToResult().ExecuteAsync(context);
            case BadHttpRequestException bad:
                return Problems.WriteAsync(context, TypeOf(bad.StatusCode) ?? ProblemTypes.InvalidRequest);
            case UnavailableException away:
                TellUnavailable(context, away);
                return Problems.WriteAsync(context, ProblemTypes.Unavailable, retryAfter: away.RetryAfter);
            case HttpRequestException or TimeoutException or OperationCanceledException { InnerException: TimeoutException }:
                TellUnavailable(context, exception);
                return Problems.WriteAsync(context, ProblemTypes.Unavailable);
            default:
                ServiceDefaultsLog.RequestFailed(logger, exception, context.Request.Method, context.Request.Path);
                return Problems.WriteAsync(context, ProblemTypes.InternalError);
        }
    }

    // A crowd that meets an engine which is away would fill the disk: one line a second tells enough.
    private void TellUnavailable(HttpContext context, Exception exception)
    {
        var now = time.GetUtcNow().ToUnixTimeMilliseconds();
        var toldAt = Volatile.Read(ref _toldAt);
        if (now < toldAt + QuietMs || Interlocked.CompareExchange(ref _toldAt, now, toldAt) != toldAt) { Interlocked.Increment(ref _untold); return; }
        ServiceDefaultsLog.RequestUnavailable(logger, context.Request.Path, exception.GetType().Name, exception.Message, Interlocked.Exchange(ref _untold, 0));
    }

    private static ProblemType? TypeOf(int status) => status switch
    {
        400 => ProblemTypes.InvalidRequest,
        401 => ProblemTypes.Unauthenticated,
        403 => ProblemTypes.Forbidden,
        404 => ProblemTypes.NotFound,
        405 => ProblemTypes.MethodNotAllowed,
        406 => ProblemTypes.NotAcceptable,
        408 => ProblemTypes.RequestTimeout,
        409 => ProblemTypes.Conflict,
        412 => ProblemTypes.PreconditionFailed,
        413 => ProblemTypes.PayloadTooLarge,
        415 => ProblemTypes.UnsupportedMediaType,
        428 => ProblemTypes.PreconditionRequired,
        429 => ProblemTypes.TooManyRequests,
        431 => ProblemTypes.HeadersTooLarge,
        500 => ProblemTypes.InternalError,
        502 or 503 or 504 => ProblemTypes.Unavailable,
        _ => null,
    };
}

/// <summary>Something that the request needs is away for the moment: answered as 503 <c>unavailable</c>. Base class of the engines' exceptions.</summary>
public class UnavailableException : Exception
{
    public UnavailableException() { }
    public UnavailableException(string message) : base(message) { }
    public UnavailableException(string message, Exception inner) : base(message, inner) { }

    /// <summary>What <c>Retry-After</c> says; null: 1 s.</summary>
    public TimeSpan? RetryAfter { get; init; }
}

/// <summary>Says in the API's own words what a framework refused; its messages name types of ours and are not repeated.</summary>
internal static partial class BadRequest
{
    public static FieldErrors Explain(BadHttpRequestException exception)
    {
        var errors = new FieldErrors();
        if (exception.InnerException is JsonException json) { ExplainJson(json, errors); return errors; }
        var parameter = ParameterName().Match(exception.Message);
        if (parameter.Success) { errors.Add(parameter.Groups["name"].Value, parameter.Groups["missing"].Success ? "is required" : "is not valid: it has another type or is out of range"); return errors; }
        errors.Add("body", exception.Message.Contains("body was inferred", StringComparison.Ordinal) || exception.Message.Contains("Implicit body", StringComparison.Ordinal)
            ? "is required: send a JSON object" : "could not be read: send well-formed HTTP with the announced length");
        return errors;
    }

    public static void ExplainJson(JsonException json, FieldErrors errors)
    {
        var field = FieldOf(json.Path);
        var message = json.Message;
        // The reader's own exception is inside the one that tells the path.
        if (json.InnerException is JsonException)
        {
            errors.Add("body", string.Create(CultureInfo.InvariantCulture, $"is not well-formed JSON, or is nested too deeply: line {json.LineNumber + 1}, byte {json.BytePositionInLine + 1}"));
            return;
        }
        if (Unmapped().Match(message) is { Success: true } unmapped) { errors.Add(Join(field, unmapped.Groups["name"].Value), "is unknown: leave it out"); return; }
        if (Duplicate().Match(message) is { Success: true } duplicate) { errors.Add(field.Length > 0 ? field : duplicate.Groups["name"].Value, "stands there twice: send it once"); return; }
        if (message.StartsWith("JSON deserialization for type", StringComparison.Ordinal))
        {
            foreach (Match name in QuotedName().Matches(message[(message.IndexOf("including", StringComparison.Ordinal) + 1)..])) { errors.Add(Join(field, name.Groups["name"].Value), "is required"); }
            if (errors.Any) { return; }
        }
        if (message.StartsWith("must ", StringComparison.Ordinal)) { errors.Add(field.Length > 0 ? field : "body", message); return; }
        errors.Add(field.Length > 0 ? field : "body", "has another type, is out of range or is missing");
    }

    private static string Join(string path, string name) => path.Length == 0 || path == name || path.EndsWith("." + name, StringComparison.Ordinal) ? (path.Length == 0 ? name : path) : $"{path}.{name}";

    private static string FieldOf(string? path) => path is null or "$" ? "" : path.StartsWith("$.", StringComparison.Ordinal) ? path[2..] : path.TrimStart('$');

    [GeneratedRegex("""^(?:Failed to bind parameter "[^" ]+ (?<name>[^"]+)"|(?<missing>Required parameter) "[^" ]+ (?<name>[^"]+)")""", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant)]
    private static partial Regex ParameterName();

    [GeneratedRegex("^The JSON property '(?<name>[^']*)' could not be mapped", RegexOptions.CultureInvariant)]
    private static partial Regex Unmapped();

    [GeneratedRegex("^Duplicate property '(?<name>[^']*)'", RegexOptions.CultureInvariant)]
    private static partial Regex Duplicate();

    [GeneratedRegex("'(?<name>[^']+)'", RegexOptions.CultureInvariant)]
    private static partial Regex QuotedName();
}
