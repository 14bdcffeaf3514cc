using FirstCome.Contracts.Messages;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log.Kafka;

/// <summary>Makes the topics at start, and goes on trying while the log is away.</summary>
internal sealed class MakeTopics(IEventLog log, TimeProvider time, ILogger<KafkaLog> logger) : BackgroundService, IHealthSignal
{
    private static readonly TimeSpan s_pauseMin = TimeSpan.FromMilliseconds(200), s_pauseMax = TimeSpan.FromSeconds(5);

    private volatile bool _made;

    public string Name => "topics";

    public HealthState Current => _made ? HealthState.Ok : new HealthState(Severity.Degraded, "The log's topics have not been made yet; the log may be away.");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (var pause = s_pauseMin; ; pause = pause * 2 < s_pauseMax ? pause * 2 : s_pauseMax)
        {
            try
            {
                await log.EnsureTopicsAsync(Topics.All, stoppingToken);
                _made = true;
                return;
            }
            catch (LogUnavailableException exception) { KafkaLogEvents.TopicsFailed(logger, pause, exception.Message); }
            await Task.Delay(pause * (0.5 + (Random.Shared.NextDouble() / 2)), time, stoppingToken);
        }
    }
}
