using FirstCome.Eureka;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace FirstCome.WireTests.Eureka;

/// <summary>A small service that registers itself, answers its own name at <c>/name</c>, and looks others up.</summary>
internal sealed class StartedClient : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StartedClient(WebApplication app) => _app = app;

    public EurekaRegistry Registry => _app.Services.GetRequiredService<EurekaRegistry>();

    public IServiceProvider Services => _app.Services;

    public int Port => new Uri(_app.Urls.Single()).Port;

    public static async Task<StartedClient> StartAsync(
        string eurekaUrl, string app, Action<EurekaClientOptions>? configure = null, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.AddEurekaClient(options =>
        {
            options.ServerUrls.Add(eurekaUrl);
            options.App = app;
            options.RenewalInterval = TimeSpan.FromSeconds(1);
            options.FetchInterval = TimeSpan.FromMilliseconds(100);
            options.CallTimeout = TimeSpan.FromSeconds(2);
            configure?.Invoke(options);
        });
        services?.Invoke(builder.Services);
        var web = builder.Build();
        web.MapGet("/name", () => $"{app} on {web.Urls.Single()}");
        await web.StartAsync();
        return new(web);
    }

    /// <summary>Waits for what must come true before long.</summary>
    public static async Task Eventually(Func<bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(15));
        using var poll = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (!condition())
        {
            if (limit.IsCancellationRequested) Xunit.Assert.Fail($"not within 15 s: {what}");
            await poll.WaitForNextTickAsync(CancellationToken.None);
        }
    }

    public Task StopAsync() => _app.StopAsync();

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
