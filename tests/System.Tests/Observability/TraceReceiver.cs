using System.Collections.Concurrent;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FirstCome.SystemTests.Observability;

/// <summary>A span, as far as the tests look at it.</summary>
/// <param name="Source">The instrumentation's scope: the name of the activity source.</param>
internal sealed record ReceivedSpan(string Source, string Name, string TraceId, string SpanId, string ParentId);

/// <summary>Takes traces by OTLP over HTTP in protobuf, as a collector does.</summary>
internal sealed class TraceReceiver : IAsyncDisposable
{
    private readonly ConcurrentDictionary<string, ReceivedSpan> _spans = [];
    private readonly WebApplication _application;

    private TraceReceiver(WebApplication application) => _application = application;

    public IReadOnlyCollection<ReceivedSpan> Spans => [.. _spans.Values];

    public string Url => _application.Urls.Single();

    public static async Task<TraceReceiver> StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        var application = builder.Build();
        application.Urls.Add("http://127.0.0.1:0");
        var receiver = new TraceReceiver(application);
        application.MapPost("/v1/{signal}", async (string signal, HttpRequest request) =>
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, request.HttpContext.RequestAborted);
            if (signal == "traces") { receiver.Read(body.ToArray()); }
            return Results.Bytes([], "application/x-protobuf");
        });
        await application.StartAsync(cancellationToken);
        return receiver;
    }

    public ValueTask DisposeAsync() => _application.DisposeAsync();

    // ExportTraceServiceRequest.resource_spans = 1; ResourceSpans.scope_spans = 2; ScopeSpans.scope = 1, .spans = 2; InstrumentationScope.name = 1;
    // Span.trace_id = 1, .span_id = 2, .parent_span_id = 4, .name = 5 (opentelemetry/proto/trace/v1/trace.proto).
    private void Read(byte[] request)
    {
        foreach (var resource in Fields(request, 1))
        {
            foreach (var scope in Fields(resource, 2))
            {
                var source = Fields(scope, 1).SelectMany(of => Fields(of, 1)).Select(name => Encoding.UTF8.GetString(name.Span)).FirstOrDefault() ?? "";
                foreach (var span in Fields(scope, 2))
                {
                    var id = Hex(span, 2);
                    _spans[id] = new ReceivedSpan(source, Encoding.UTF8.GetString(Fields(span, 5).Single().Span), Hex(span, 1), id, Hex(span, 4));
                }
            }
        }
    }

    private static string Hex(ReadOnlyMemory<byte> message, int field) => Fields(message, field).Select(value => Convert.ToHexStringLower(value.Span)).FirstOrDefault() ?? "";

    /// <summary>The length-delimited fields of this number.</summary>
    private static IEnumerable<ReadOnlyMemory<byte>> Fields(ReadOnlyMemory<byte> message, int field)
    {
        for (var at = 0; at < message.Length;)
        {
            var tag = Varint(message, ref at);
            var length = (tag & 7) switch { 0 => 0, 1 => 8, 5 => 4, 2 => (int)Varint(message, ref at), var type => throw new InvalidDataException($"Wire type {type}.") };
            if ((tag & 7) == 0) { Varint(message, ref at); }
            if (tag == ((ulong)field << 3 | 2)) { yield return message.Slice(at, length); }
            at += length;
        }
    }

    private static ulong Varint(ReadOnlyMemory<byte> message, ref int at)
    {
        ulong value = 0;
        for (var shift = 0; ; shift += 7)
        {
            var next = message.Span[at++];
            value |= (ulong)(next & 0x7F) << shift;
            if (next < 0x80) { return value; }
        }
    }
}
