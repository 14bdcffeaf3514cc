using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using FirstCome.Contracts.Problems;
using FirstCome.Gateway.Routing;
using FirstCome.ServiceDefaults;

namespace FirstCome.Gateway.Documents;

/// <summary>
/// <c>GET /openapi.json</c>: the documents of all services in one. Kept for half a minute, made once however many ask; a service that is away keeps the document it had, and is left out where it never had one.
/// </summary>
internal sealed class ServeOpenApi(IHttpClientFactory clients, TimeProvider time, ILogger<ServeOpenApi> logger)
{
    /// <summary>The services with a public face, as the document lists them.</summary>
    public static readonly IReadOnlyList<string> Services = [RouteTable.Users, RouteTable.Cache, RouteTable.Coupons, RouteTable.Issue, "gateway"];

    private const int DocumentBytesMax = 2 * 1024 * 1024;
    private static readonly TimeSpan s_kept = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan s_keptIncomplete = TimeSpan.FromSeconds(2);
    // A service makes its document when it is first asked, which takes a while on a busy machine.
    private static readonly TimeSpan s_wait = TimeSpan.FromSeconds(20);
    private static readonly JsonSerializerOptions s_readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly Dictionary<string, JsonObject> _last = [];
    private readonly Lock _lock = new();
    private Task<byte[]>? _made;
    private long _madeAt;
    private volatile bool _incomplete;

    /// <summary>The clients that <see cref="ServeOpenApi"/> uses, one a service.</summary>
    public static void AddClients(IServiceCollection services)
    {
        foreach (var service in Services)
        {
            services.AddServiceClient(service, ClientOf(service)).ConfigureHttpClient(client =>
            {
                client.MaxResponseContentBufferSize = DocumentBytesMax;
                client.Timeout = s_wait - TimeSpan.FromSeconds(1);
            });
        }
    }

    public async Task HandleAsync(HttpContext context)
    {
        var body = await Current().WaitAsync(s_wait, time, context.RequestAborted);
        if (body.Length == 0)
        {
            await Problems.WriteAsync(context, ProblemTypes.Unavailable, "No service gives its document at the moment.");
            return;
        }
        context.Response.ContentType = "application/json; charset=utf-8";
        context.Response.ContentLength = body.Length;
        if (!HttpMethods.IsHead(context.Request.Method)) { await context.Response.Body.WriteAsync(body, context.RequestAborted); }
    }

    private Task<byte[]> Current()
    {
        lock (_lock)
        {
            var fresh = _made is { IsCompleted: false } || (_made is { IsCompletedSuccessfully: true } && time.GetElapsedTime(_madeAt) < (_incomplete ? s_keptIncomplete : s_kept));
            if (fresh) { return _made!; }
            _madeAt = time.GetTimestamp();
            return _made = Task.Run(MakeAsync);
        }
    }

    private async Task<byte[]> MakeAsync()
    {
        var fetched = await Task.WhenAll(Services.Select(FetchAsync));
        for (var i = 0; i < fetched.Length; i++) { if (fetched[i] is { } document) { _last[Services[i]] = document; } }
        _incomplete = fetched.Contains(null);
        var known = Services.Where(_last.ContainsKey).Select(service => (service, _last[service])).ToList();
        return known.Count == 0 ? [] : Encoding.UTF8.GetBytes(OpenApiMerge.Merge(known).ToJsonString(s_readable));
    }

    private async Task<JsonObject?> FetchAsync(string service)
    {
        try
        {
            using var client = clients.CreateClient(ClientOf(service));
            var body = await client.GetByteArrayAsync(new Uri("/openapi/v1.json", UriKind.Relative));
            return JsonNode.Parse(body) as JsonObject ?? throw new JsonException("It is no object.");
        }
        catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException or JsonException)
        {
            GatewayLog.DocumentNotMerged(logger, service, exception.Message);
            return null;
        }
    }

    private static string ClientOf(string service) => "openapi-" + service;
}
