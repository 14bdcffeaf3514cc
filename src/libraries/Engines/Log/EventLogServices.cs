using FirstCome.Engines.Log.Kafka;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FirstCome.Engines.Log;

public static class EventLogServices
{
    /// <summary>Registers Kafka by the section <c>Kafka</c> (<see cref="KafkaOptions"/>) as <see cref="IEventLog"/> and makes its topics at start; nothing where a log is registered already.</summary>
    public static IHostApplicationBuilder AddEventLog(this IHostApplicationBuilder builder)
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.Any(service => service.ServiceType == typeof(IEventLog))) { return builder; }
        builder.Services.AddCheckedOptions<KafkaOptions>("Kafka");
        builder.Services.AddSingleton<IEventLog>(provider =>
            new KafkaLog(provider.GetRequiredService<IOptions<KafkaOptions>>().Value, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<KafkaLog>>()));
        builder.Services.AddHealthSignal<MakeTopics>();
        builder.Services.AddHostedService(provider => provider.GetRequiredService<MakeTopics>());
        return builder;
    }
}
