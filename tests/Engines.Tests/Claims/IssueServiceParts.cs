using System.Diagnostics.Metrics;
using FirstCome.Engines.Redis;
using FirstCome.IssueService.Campaigns;
using FirstCome.IssueService.Claims;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting.Internal;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace FirstCome.EnginesTests.Claims;

/// <summary>What parts of IssueService need besides gate, log and ledger, where no other service answers.</summary>
internal sealed class IssueServiceParts : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ApplicationLifetime _lifetime = new(NullLogger<ApplicationLifetime>.Instance);

    /// <summary>Clients whose every call fails.</summary>
    public static IHttpClientFactory Nobody { get; } = new NoServices();

    public ClaimMetrics Metrics => new(_services.GetRequiredService<IMeterFactory>());

    /// <param name="others">What the other services answer; null: none does.</param>
    public CampaignDirectory Directory(ClaimBench bench, HttpMessageHandler? others = null) => new(
        bench.Ledger, bench.Redis.Multiplexer, new Replicas(bench.Redis.Multiplexer, 0, TimeSpan.Zero, NullLogger<Replicas>.Instance), bench.Log, others is null ? Nobody : new OneForAll(others), Options.Create(new ClaimOptions()), Metrics,
        TimeProvider.System, NullLogger<CampaignDirectory>.Instance, _lifetime);

    public async ValueTask DisposeAsync()
    {
        _lifetime.StopApplication();
        await _services.DisposeAsync();
    }

    private sealed class OneForAll(HttpMessageHandler handler) : IHttpClientFactory
    {
        public HttpClient CreateClient(string name) => new(handler, disposeHandler: false) { BaseAddress = new Uri("http://others/") };
    }

    private sealed class NoServices : IHttpClientFactory
    {
        public HttpClient CreateClient(string name) => new(new Away()) { BaseAddress = new Uri("http://nobody/") };
    }

    private sealed class Away : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) => throw new HttpRequestException("CouponService cannot be asked.");
    }
}
