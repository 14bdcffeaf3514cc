using System.Buffers;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using FirstCome.Contracts.Problems;
using Microsoft.AspNetCore.Http;

namespace FirstCome.ServiceDefaults;

internal sealed class ProblemResult(ProblemType type, string? detail, IReadOnlyDictionary<string, object?>? extensions, TimeSpan? retryAfter, FieldErrors? errors)
    : IResult, IStatusCodeHttpResult, IContentTypeHttpResult
{
    public const string MediaType = "application/problem+json";
    private static readonly JsonWriterOptions s_writerOptions = new() { SkipValidation = true };

    public int? StatusCode => type.Status;
    public string? ContentType => MediaType;

    public Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        if (response.HasStarted) { return Task.CompletedTask; }
        response.StatusCode = type.Status;
        response.ContentType = MediaType;
        response.Headers.CacheControl = "no-store";
        if (retryAfter is not null || type.Status is 429 or 503)
        {
            var seconds = Math.Max(1, (long)Math.Ceiling((retryAfter ?? Problems.RetryAfterDefault).TotalSeconds));
            response.Headers.RetryAfter = seconds.ToString(CultureInfo.InvariantCulture);
        }
        var buffer = new ArrayBufferWriter<byte>(512);
        using (var writer = new Utf8JsonWriter(buffer, s_writerOptions)) { Write(writer, httpContext); }
        response.ContentLength = buffer.WrittenCount;
        return HttpMethods.IsHead(httpContext.Request.Method) ? Task.CompletedTask : response.Body.WriteAsync(buffer.WrittenMemory, httpContext.RequestAborted).AsTask();
    }

    private void Write(Utf8JsonWriter writer, HttpContext context)
    {
        writer.WriteStartObject();
        writer.WriteString("type"u8, type.Uri);
        writer.WriteString("title"u8, type.TitleEn);
        writer.WriteNumber("status"u8, type.Status);
        writer.WriteString("detail"u8, detail ?? type.MeaningEn);
        writer.WriteString("traceId"u8, Activity.Current is { IdFormat: ActivityIdFormat.W3C } activity ? activity.TraceId.ToHexString() : context.TraceIdentifier);
        if (extensions is not null)
        {
            foreach (var (name, value) in extensions)
            {
                writer.WritePropertyName(name);
                if (value is null) { writer.WriteNullValue(); } else { JsonSerializer.Serialize(writer, value, value.GetType(), ApiJson.Options); }
            }
        }
        if (errors is not null)
        {
            writer.WriteStartObject("errors"u8);
            foreach (var (field, messages) in errors.ByField)
            {
                writer.WriteStartArray(field);
                foreach (var message in messages) { writer.WriteStringValue(message); }
                writer.WriteEndArray();
            }
            writer.WriteEndObject();
        }
        writer.WriteEndObject();
    }
}
