using System.Collections.Concurrent;
using System.Text.Json;
using FirstCome.TestKit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace FirstCome.WireTests.Eureka.Peers;

/// <summary>A peer that writes down what it is told, and answers what the test wants.</summary>
internal sealed class RecordingPeer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentQueue<string> _told = [];

    private RecordingPeer(WebApplication app) => _app = app;

    public string Url => $"{_app.Urls.Single()}/eureka";

    /// <summary>"Action id" of each item, in order.</summary>
    public string[] Told => [.. _told];

    /// <summary>The status of a whole batch, and of each item.</summary>
    public Func<string, (int Batch, string Item)> Answer { get; set; } = _ => (StatusCodes.Status200OK, "{\"statusCode\":200}");

    public static async Task<RecordingPeer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        var peer = new RecordingPeer(builder.Build());
        peer._app.MapGet("/eureka/apps", () => Results.Text("""{"applications":{"versions__delta":"1","apps__hashcode":"","application":[]}}""", "application/json"));
        peer._app.MapPost("/eureka/peerreplication/batch", peer.TakeAsync);
        await peer._app.StartAsync();
        return peer;
    }

    public Task UntilToldAsync(params string[] items) =>
        Eventually.TrueAsync(() => Told.SequenceEqual(items), TimeSpan.FromSeconds(15), $"the peer is told {string.Join(", ", items)}");

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task<IResult> TakeAsync(HttpRequest request)
    {
        using var body = await JsonDocument.ParseAsync(request.Body);
        var results = new List<string>();
        foreach (var item in body.RootElement.GetProperty("replicationList").EnumerateArray())
        {
            var told = $"{item.GetProperty("action").GetString()} {item.GetProperty("id").GetString()}";
            var (batch, result) = Answer(told);
            if (batch != StatusCodes.Status200OK) return Results.StatusCode(batch);
            _told.Enqueue(told);
            results.Add(result);
        }

        return Results.Text($"{{\"responseList\":[{string.Join(',', results)}]}}", "application/json");
    }
}
