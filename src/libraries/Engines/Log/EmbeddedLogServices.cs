using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log;

public static class EmbeddedLogServices
{
    /// <summary>Registers the embedded log as <see cref="IEventLog"/>, unless a log is registered already.</summary>
    public static IServiceCollection AddEmbeddedLog(this IServiceCollection services, EmbeddedLogOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<IEventLog>(provider =>
            new EmbeddedLog(options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<EmbeddedLog>>()));
        return services;
    }
}
