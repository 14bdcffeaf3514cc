using FirstCome.Eureka;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.Gateway.Health;

/// <summary>
/// Whether every service is registered and healthy: asked in the background, often until it is so for the first time, every five seconds then. Before the first time <c>/health</c> is 503; afterwards a service that is missing
/// degrades the gateway, which goes on serving the others.
/// </summary>
internal sealed class WholeSystem(EurekaRegistry registry, IOptions<GatewayOptions> options, TimeProvider time, ILogger<WholeSystem> logger) : BackgroundService, IHealthSignal
{
    private static readonly TimeSpan s_firstInterval = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(5);
    private readonly string[] _required = options.Value.RequiredServices.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
    private volatile HealthState _state = new(Severity.Failed, "the other services were not asked yet");
    private bool _wasWhole;

    string IHealthSignal.Name => "services";

    HealthState IHealthSignal.Current => _state;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, AllowAutoRedirect = false, UseCookies = false, ActivityHeadersPropagator = null }) { Timeout = TimeSpan.FromSeconds(2) };
        while (!stoppingToken.IsCancellationRequested)
        {
            Judge(await Task.WhenAll(_required.Select(service => MissingAsync(client, service, stoppingToken))));
            await Task.Delay(_wasWhole ? s_interval : s_firstInterval, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private void Judge(string?[] answers)
    {
        var missing = answers.OfType<string>().ToList();
        if (missing.Count == 0)
        {
            if (!_wasWhole || _state.Severity != Severity.Ok) { GatewayLog.Whole(logger); }
            _wasWhole = true;
            _state = HealthState.Ok;
            return;
        }
        var text = string.Join("; ", missing);
        if (_wasWhole && _state.Severity == Severity.Ok) { GatewayLog.NotWhole(logger, text); }
        _state = new(_wasWhole ? Severity.Degraded : Severity.Failed, text);
    }

    /// <summary>Null where at least one instance is healthy.</summary>
    private async Task<string?> MissingAsync(HttpClient client, string service, CancellationToken cancellationToken)
    {
        var instances = registry.Instances(service);
        if (instances.Count == 0) { return $"{service} is not registered"; }
        var why = "";
        foreach (var instance in instances)
        {
            try
            {
                using var response = await client.GetAsync(new Uri(instance.Uri, "/health"), HttpCompletionOption.ResponseHeadersRead, cancellationToken);
                if (response.IsSuccessStatusCode) { return null; }
                why = $"{service} is not healthy ({(int)response.StatusCode})";
            }
            catch (Exception exception) when (exception is HttpRequestException or OperationCanceledException) { why = $"{service} does not answer"; }
        }
        return why;
    }
}
