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
    TimeProvider time, ILogger<EurekaClientService> logger) : IHostedLifecycleService, IDisposable
{
    private static readonly TimeSpan LongestLastCall = TimeSpan.FromSeconds(0.5);

    private readonly CancellationTokenSource _stopping = new();
    private readonly CancellationTokenSource _aborting = new();
    private Task _registering = Task.CompletedTask;
    private Task _fetching = Task.CompletedTask;

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
        if (options.Value.Register) _registering = Task.Run(() => registration.RunAsync(_stopping.Token, _aborting.Token), CancellationToken.None);
        if (options.Value.Fetch) _fetching = Task.Run(() => fetch.RunAsync(_stopping.Token), CancellationToken.None);
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
        // What is under way may end, lest a registration that is given up arrives after the deregistration.
        await _registering.WaitAsync(LongestLastCall, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await _aborting.CancelAsync();
        await Task.WhenAll(_registering, _fetching).WaitAsync(cancellationToken);
        await registration.DeregisterAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _stopping.Dispose();
        _aborting.Dispose();
    }
}
