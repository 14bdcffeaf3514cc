using System.Globalization;
using FirstCome.ConfigServer.Git;
using Microsoft.Extensions.Options;

namespace FirstCome.ConfigServer.Environments;

/// <summary>
/// Holds a question whose answer the caller has already (<c>If-None-Match</c>, <c>Prefer: wait=20</c>) until there is another answer or the time is up, so a
/// change reaches callers at once at the price of one open request each. Clients of the original send neither header and are answered at once.
/// </summary>
internal sealed class WaitForChange(EnvironmentResolver environments, SettingsChanges changes, IOptions<ConfigServerOptions> options, IHostApplicationLifetime lifetime, TimeProvider time)
{
    private const int WaitersMax = 10_000;
    private static readonly TimeSpan WaitMax = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LookMin = TimeSpan.FromMilliseconds(100);

    private int _waiters;

    /// <summary>How long the caller is ready to wait; null when he is not.</summary>
    public static TimeSpan? Asked(HttpRequest request)
    {
        var prefer = request.Headers["Prefer"].ToString().Trim();
        return prefer.StartsWith("wait=", StringComparison.Ordinal) && int.TryParse(prefer.AsSpan("wait=".Length), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds > 0
            ? TimeSpan.FromSeconds(Math.Min(seconds, WaitMax.TotalSeconds))
            : null;
    }

    /// <summary>The newest environment: at once when it differs from <paramref name="known"/>, else when it does or after the wait. False: too many wait already.</summary>
    /// <exception cref="RepositoryUnavailableException" />
    public async Task<(ResolvedEnvironment? Environment, bool Waited)> NextAsync(EnvironmentQuery query, Func<ResolvedEnvironment, bool> known, TimeSpan wait, CancellationToken aborted)
    {
        using var both = CancellationTokenSource.CreateLinkedTokenSource(aborted, lifetime.ApplicationStopping);
        try
        {
            if (Interlocked.Increment(ref _waiters) > WaitersMax)
                return (environments.Resolve(query), false);
            var started = time.GetTimestamp();
            while (true)
            {
                // Taken before the look: a change between the two ends the wait.
                var changed = changes.Next;
                var environment = environments.Resolve(query);
                var left = wait - time.GetElapsedTime(started);
                if (environment is null || !known(environment) || left <= TimeSpan.Zero || both.IsCancellationRequested)
                    return (environment, true);
                await WaitAsync(changed, left, both.Token);
            }
        }
        finally
        {
            Interlocked.Decrement(ref _waiters);
        }
    }

    /// <summary>Local repositories tell nobody of a commit; they are looked at again as often as labels are.</summary>
    private async Task WaitAsync(Task changed, TimeSpan left, CancellationToken cancellation)
    {
        var look = options.Value.LabelCheckInterval > LookMin ? options.Value.LabelCheckInterval : LookMin;
        try
        {
            await changed.WaitAsync(look < left ? look : left, time, cancellation);
        }
        catch (Exception e) when (e is TimeoutException or OperationCanceledException)
        {
            // Time to look, or to answer.
        }
    }
}
