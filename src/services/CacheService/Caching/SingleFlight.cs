using System.Collections.Concurrent;

namespace FirstCome.CacheService.Caching;

/// <summary>
/// One load of a key at a time, however many ask: whoever comes while it is under way gets its result, or its exception. Nothing is kept afterwards,
/// so <c>load</c> looks first whether somebody else has just brought what it is about to fetch.
/// </summary>
internal sealed class SingleFlight<TKey, TResult> where TKey : notnull
{
    private readonly ConcurrentDictionary<TKey, Task<TResult>> _underWay = new();

    /// <summary>
    /// Waits for the load of <paramref name="key"/>, which is started if none is under way. <paramref name="cancellationToken"/> ends the wait only:
    /// the load goes on for the others, so it must have a time limit of its own.
    /// </summary>
    public Task<TResult> RunAsync(TKey key, Func<TKey, Task<TResult>> load, CancellationToken cancellationToken)
    {
        var landing = new TaskCompletionSource<TResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        var underWay = _underWay.GetOrAdd(key, landing.Task);
        if (underWay == landing.Task) { _ = FlyAsync(key, load, landing); }
        return underWay.WaitAsync(cancellationToken);
    }

    private async Task FlyAsync(TKey key, Func<TKey, Task<TResult>> load, TaskCompletionSource<TResult> landing)
    {
        try
        {
            var result = await load(key);
            _underWay.TryRemove(key, out _);
            landing.SetResult(result);
        }
        catch (Exception failure)
        {
            _underWay.TryRemove(key, out _);
            landing.SetException(failure);
            // Reading it marks it as observed: every asker may have gone by now.
            _ = landing.Task.Exception;
        }
    }
}
