using System.Net;
using System.Text.Json;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FirstCome.Eureka.Lookup;

/// <summary>Keeps <see cref="EurekaRegistry"/> up to date: once in full, then by deltas, in full again where deltas cannot be trusted.</summary>
internal sealed class RegistryFetch(
    IOptions<EurekaClientOptions> options, EurekaServers servers, EurekaRegistry registry, RegistryCacheFile cacheFile, TimeProvider time,
    ILogger<RegistryFetch> logger)
{
    // Servers keep changes for three minutes; what was fetched longer ago may lack some.
    private static readonly TimeSpan DeltaReach = TimeSpan.FromMinutes(2);

    // Somebody waits for a service that is not known yet: ask again soon, but not faster than this.
    private static readonly TimeSpan ShortestInterval = TimeSpan.FromMilliseconds(250);

    private readonly RetryDelay _delay = new(options.Value.FetchInterval);
    private TaskCompletionSource _missed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long? _fetchedAt;
    private int _fetchedFrom;

    public async Task RunAsync(CancellationToken stopping)
    {
        registry.Missed += Wake;
        while (!stopping.IsCancellationRequested)
        {
            var delay = await TryFetchAsync(stopping);
            await Task.Delay(delay < ShortestInterval ? delay : ShortestInterval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (delay > ShortestInterval)
                await _missed.Task.WaitAsync(delay - ShortestInterval, time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (_missed.Task.IsCompleted) Interlocked.Exchange(ref _missed, new(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        registry.Missed -= Wake;
    }

    private void Wake() => Volatile.Read(ref _missed).TrySetResult();

    private async Task<TimeSpan> TryFetchAsync(CancellationToken stopping)
    {
        try
        {
            await FetchAsync(stopping);
            if (registry.State is { Reachable: false, LastError: not null }) EurekaLog.RegistryBack(logger);
            registry.Answered(fetched: true);
            await cacheFile.SaveAsync(registry, stopping);
            return _delay.AfterSuccess();
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
        catch (Exception failure) when (failure is RegistryUnreachableException or JsonException)
        {
            if (registry.State.LastError is null) EurekaLog.RegistryAway(logger, failure.Message);
            registry.Failed(failure.Message);
        }
        catch (Exception failure)
        {
            EurekaLog.Unexpected(logger, failure);
            registry.Failed(failure.Message);
        }

        return _delay.AfterFailure();
    }

    private async Task FetchAsync(CancellationToken stopping)
    {
        var askedAt = time.GetTimestamp();
        var continues = _fetchedAt is { } last && time.GetElapsedTime(last) < DeltaReach && _fetchedFrom == servers.Current;
        if (!continues || !await FetchDeltaAsync(stopping))
        {
            var full = await GetAsync("apps/", stopping) ?? throw new RegistryUnreachableException("the registry refuses a full fetch");
            registry.Replace(full);
        }

        _fetchedAt = askedAt;
        _fetchedFrom = servers.Current;
    }

    private async Task<bool> FetchDeltaAsync(CancellationToken stopping)
    {
        if (await GetAsync("apps/delta", stopping) is not { } delta || _fetchedFrom != servers.Current) return false;
        if (registry.Apply(delta)) return true;
        EurekaLog.HashMismatch(logger);
        return false;
    }

    // A server may refuse deltas (403); that is an answer too.
    private async Task<Applications?> GetAsync(string path, CancellationToken stopping)
    {
        var answer = await servers.SendAsync(HttpMethod.Get, path, null, stopping);
        return answer.Status == HttpStatusCode.OK ? EurekaJsonReader.Applications(answer.Body) : null;
    }
}
