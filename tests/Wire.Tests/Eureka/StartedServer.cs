using FirstCome.DiscoveryServer;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace FirstCome.WireTests.Eureka;

/// <summary>A DiscoveryServer on a port of its own.</summary>
internal sealed class StartedServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private bool _disposed;

    private StartedServer(WebApplication app)
    {
        _app = app;
        Http = new HttpClient(new SocketsHttpHandler { UseProxy = false, Expect100ContinueTimeout = TimeSpan.FromSeconds(30) }) { BaseAddress = new Uri(app.Urls.Single()) };
    }

    public HttpClient Http { get; }

    public int Port => Http.BaseAddress!.Port;

    public string EurekaUrl => new Uri(Http.BaseAddress!, "/eureka").ToString();

    public static async Task<StartedServer> StartAsync(int port = 0, params KeyValuePair<string, string?>[] settings)
    {
        string[] service = [$"--Service:Url=http://127.0.0.1:{port}", "--Service:Key=0123456789abcdef0123456789abcdef", "--ConfigServer:Urls="];
        var app = Program.Create(service, builder =>
        {
            builder.Logging.ClearProviders();
            builder.Configuration.AddInMemoryCollection(settings);
        });
        await app.StartAsync();
        return new(app);
    }

    /// <summary>What a program gets that asks for JSON.</summary>
    public async Task<string> JsonAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Headers = { { "Accept", "application/json" } } };
        using var answer = await Http.SendAsync(request);
        return await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_disposed) return;
        _disposed = true;
        Http.Dispose();
        using var now = new CancellationTokenSource(TimeSpan.FromSeconds(1));
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
