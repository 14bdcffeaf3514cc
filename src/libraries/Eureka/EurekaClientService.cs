using FirstCome.Eureka.Lookup;
using FirstCome.Eureka.Registration;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FirstCome.Eureka;

/// <summary>
/// Runs the client with the host. The instance is taken out before the host's servers stop, so that callers look elsewhere while what is
/// under way still ends.
/// </summary>
internal sealed class EurekaClientService(
    IOptions<EurekaClientOptions> options, InstanceRegistration registration, RegistryFetch fetch, RegistryCacheFile cacheFile, EurekaRegistry registry,
    ILogger<EurekaClientService> logger) : IHostedLifecycleService, IDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _loops = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Fetch && await cacheFile.LoadAsync(cancellationToken) is { } kept)
        {
            registry.Restore(kept);
            EurekaLog.RestoredFromDisk(logger, kept.Instances.Count, options.Value.CacheFile!);
        }
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _loops = Task.WhenAll(
            options.Value.Register ? Task.Run(() => registration.RunAsync(_stopping.Token), CancellationToken.None) : Task.CompletedTask,
            options.Value.Fetch ? Task.Run(() => fetch.RunAsync(_stopping.Token), CancellationToken.None) : Task.CompletedTask);
        return Task.CompletedTask;
    }

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        registration.Started();
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _loops.WaitAsync(cancellationToken);
        await registration.DeregisterAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _stopping.Dispose();
}
