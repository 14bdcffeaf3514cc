using System.Net;
using System.Net.ServerSentEvents;
using System.Text.Json;
using System.Threading.Channels;
using FirstCome.TestKit;
using Xunit;

namespace FirstCome.RulesTests.CacheService;

/// <summary>One open stream of events, read in the background as a browser reads it.</summary>
internal sealed class EventReader : IAsyncDisposable
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(10);

    private readonly Channel<(string Kind, JsonElement Data)> _events = Channel.CreateUnbounded<(string, JsonElement)>();
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;

    private EventReader(HttpResponseMessage response)
    {
        Response = response;
        _reading = ReadAsync();
    }

    public HttpResponseMessage Response { get; }

    public static async Task<EventReader> OpenAsync(CacheServiceHost host, Guid campaign, string? token = null)
    {
        var response = await host.GetAsync($"/api/campaigns/{campaign}/events", token, completion: HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return new EventReader(response);
    }

    /// <summary>The next event, which must come within the limit of real time.</summary>
    public async Task<(string Kind, JsonElement Data)> NextAsync()
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(CacheServiceHost.Cancellation);
        deadline.CancelAfter(s_limit);
        return await _events.Reader.ReadAsync(deadline.Token);
    }

    /// <summary>The next event of a kind, while the clock goes on in steps; those of other kinds are passed over.</summary>
    public async Task<JsonElement> NextAsync(string kind, CacheServiceHost host, TimeSpan step)
    {
        JsonElement? found = null;
        await Eventually.TrueAsync(
            () =>
            {
                while (found is null && _events.Reader.TryRead(out var next))
                {
                    if (next.Kind == kind) { found = next.Data; }
                }
                if (found is null) { host.Clock.Advance(step); }
                return found is not null;
            },
            s_limit, $"an event of kind {kind}");
        return found!.Value;
    }

    /// <summary>Whether anything has come that was not yet read.</summary>
    public bool IsEmpty => !_events.Reader.TryPeek(out _);

    public bool HasEnded => _reading.IsCompleted;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _reading;
        Response.Dispose();
        _stop.Dispose();
    }

    private async Task ReadAsync()
    {
        try
        {
            await using var stream = await Response.Content.ReadAsStreamAsync(_stop.Token);
            await foreach (var item in SseParser.Create(stream).EnumerateAsync(_stop.Token)) { _events.Writer.TryWrite((item.EventType, JsonDocument.Parse(item.Data).RootElement)); }
        }
        catch (Exception ended) when (ended is OperationCanceledException or IOException)
        {
            _events.Writer.TryComplete();
        }
    }
}
