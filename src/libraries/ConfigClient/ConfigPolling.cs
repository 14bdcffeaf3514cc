using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FirstCome.ConfigClient;

/// <summary>Looks for newer settings as long as the service runs; faster at first while the server is away.</summary>
internal sealed class ConfigPolling(RemoteSettings? remote, TimeProvider time, ILogger<ConfigPolling> logger) : BackgroundService
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(250);

    // A server that answers held questions too early is not asked more often than this.
    private static readonly TimeSpan BetweenHeld = TimeSpan.FromMilliseconds(200);

    private string? _toldError;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (remote is null)
            return;
        var failures = remote.State.Reachable ? 0 : 1;
        Tell(remote.State.Reachable ? RefreshOutcome.Applied : RefreshOutcome.Failed, remote);
        try
        {
            while (true)
            {
                var interval = remote.ServerHolds && failures == 0 && remote.Options.PollInterval > BetweenHeld ? BetweenHeld : remote.Options.PollInterval;
                await Task.Delay(Pause(failures, interval, Random.Shared.NextDouble()), time, stoppingToken);
                var outcome = await remote.RefreshAsync(time, stoppingToken);
                failures = outcome == RefreshOutcome.Failed && !remote.State.Reachable ? failures + 1 : 0;
                Tell(outcome, remote);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The service stops; there is nothing to finish.
        }
    }

    /// <summary>Doubles from a quarter of a second up to the poll interval, and spreads both by a tenth either way.</summary>
    internal static TimeSpan Pause(int failures, TimeSpan pollInterval, double random)
    {
        var pause = failures is 0 or > 20 ? pollInterval : FirstBackOff * Math.Pow(2, failures - 1);
        return (pause < pollInterval ? pause : pollInterval) * (0.9 + 0.2 * random);
    }

    /// <summary>An error is logged when it appears and when it changes, not at each attempt.</summary>
    private void Tell(RefreshOutcome outcome, RemoteSettings settings)
    {
        var state = settings.State;
        if (outcome == RefreshOutcome.Applied)
            Log.SettingsApplied(logger, settings.Path, state.Version, settings.Values.Count);
        if (state.LastError is { } error && error != _toldError)
            Log.SettingsNotTaken(logger, settings.Path, error, state.Version, state.FromCacheFile);
        else if (state.LastError is null && _toldError is not null)
            Log.ServerReached(logger, settings.Path, state.Version);
        _toldError = state.LastError;
    }
}

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Settings {Path} of version {Version} are in force, {Count} keys")]
    public static partial void SettingsApplied(ILogger logger, string path, string? version, int count);

    [LoggerMessage(2, LogLevel.Warning, "Settings {Path} were not taken: {Error}. Version {Version} stays in force (from the cache file: {FromCacheFile})")]
    public static partial void SettingsNotTaken(ILogger logger, string path, string error, string? version, bool fromCacheFile);

    [LoggerMessage(3, LogLevel.Information, "ConfigServer answers for {Path} again, version {Version}")]
    public static partial void ServerReached(ILogger logger, string path, string? version);
}
