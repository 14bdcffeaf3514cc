using FirstCome.CacheService.Operations;
using FirstCome.Eureka;

namespace FirstCome.CacheService.Metrics;

/// <summary>Reads the metrics page of every instance every five seconds and keeps what the console shows of it.</summary>
internal sealed class MetricsSampler(Instances instances, SeriesHistory history, TimeProvider time, ILogger<MetricsSampler> logger) : BackgroundService
{
    private const int SamplesMax = 20_000;
    private static readonly TimeSpan s_every = TimeSpan.FromSeconds(5);

    private readonly SeriesDerivation _derivation = new(SeriesCatalogue.All);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_every, time);
        do
        {
            try
            {
                await SampleAsync(stoppingToken);
            }
            catch (Exception failure) when (!stoppingToken.IsCancellationRequested)
            {
                // Whatever an instance's page holds, the others' history goes on.
                CacheLog.SamplingFailed(logger, failure);
            }
        }
        while (await timer.WaitForNextTickAsync(stoppingToken));
    }

    internal async Task SampleAsync(CancellationToken cancellationToken)
    {
        var round = await instances.AskAsync(ScrapeAsync, cancellationToken);
        history.Add(time.GetUtcNow(), _derivation.Derive([.. round.OfType<Scrape>()]));
    }

    // An instance that does not answer is missing from this round; the list of services says so.
    private async Task<Scrape?> ScrapeAsync(HttpClient client, ServiceInstance instance, CancellationToken cancellationToken)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(instance.Uri, "metrics"));
            request.Headers.Accept.ParseAdd("text/plain;version=0.0.4");
            using var response = await client.SendAsync(request, cancellationToken);
            if (!response.IsSuccessStatusCode) { return null; }
            var at = time.GetUtcNow();
            var page = await response.Content.ReadAsStringAsync(cancellationToken);
            return new(instance.App, instance.InstanceId, at, PrometheusText.Parse(page, SeriesCatalogue.IsWanted, SamplesMax));
        }
        catch (Exception failure) when (failure is HttpRequestException or IOException || (failure is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            CacheLog.InstanceNotSampled(logger, instance.App, instance.InstanceId, failure.Message);
            return null;
        }
    }
}
