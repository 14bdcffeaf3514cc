using System.Threading.Channels;
using Microsoft.Extensions.Options;

namespace FirstCome.ConfigServer.Git;

/// <summary>Fetches the remote repositories when the server starts, on a schedule, and when a push was told of.</summary>
internal sealed class RemoteFetching : BackgroundService
{
    // However many pushes are told of at once, one fetch follows, and not at once after another.
    private static readonly TimeSpan PauseMin = TimeSpan.FromMilliseconds(200);

    private readonly Channel<bool> _asked = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly List<(GitReader Reader, RemoteClone Clone)> _remotes;
    private readonly SettingsChanges _changes;
    private readonly TimeSpan _interval;
    private readonly TimeProvider _time;
    private readonly ILogger<RemoteFetching> _logger;
    private readonly Dictionary<RemoteClone, string?> _told = [];

    public RemoteFetching(GitRepositories repositories, SettingsChanges changes, IOptions<ConfigServerOptions> options, TimeProvider time, ILogger<RemoteFetching> logger)
    {
        (_changes, _time, _logger, _interval) = (changes, time, logger, options.Value.FetchInterval);
        _remotes = [.. repositories.All.Where(reader => reader.Options.Remote.IsGiven).Select(reader => (reader, new RemoteClone(reader.Options, options.Value.FetchTimeout, time)))];
        Repositories = repositories;
    }

    public GitRepositories Repositories { get; }

    /// <summary>What is wrong with the remote of a repository; null when nothing is, or it has none.</summary>
    public string? ErrorOf(GitReader reader) => _remotes.FirstOrDefault(remote => remote.Reader == reader).Clone?.Error;

    /// <summary>Looks at all repositories again soon, local ones too.</summary>
    public void Ask() => _asked.Writer.TryWrite(true);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await Task.WhenAll(_remotes.Select(remote => FetchAsync(remote.Reader, remote.Clone, stoppingToken)));
                await Task.Delay(PauseMin, _time, stoppingToken);
                if (await AskedAsync(stoppingToken))
                {
                    foreach (var reader in Repositories.All)
                        reader.LookAgain();
                    _changes.Signal();
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The server stops; a fetch that was begun is begun anew by the next start.
        }
    }

    private async Task FetchAsync(GitReader reader, RemoteClone clone, CancellationToken stopping)
    {
        var moved = await clone.FetchAsync(stopping);
        if (moved)
        {
            reader.LookAgain();
            Log.Fetched(_logger, clone.Url);
            _changes.Signal();
        }
        var told = _told.GetValueOrDefault(clone);
        if (clone.Error is { } error && error != told)
            Log.NotFetched(_logger, clone.Url, error);
        else if (clone.Error is null && told is not null)
            Log.Reached(_logger, clone.Url);
        lock (_told)
            _told[clone] = clone.Error;
    }

    /// <summary>True when somebody asked, false when the interval has passed.</summary>
    private async Task<bool> AskedAsync(CancellationToken stopping)
    {
        using var interval = new CancellationTokenSource(_interval * (0.9 + 0.2 * Random.Shared.NextDouble()), _time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(interval.Token, stopping);
        try
        {
            return await _asked.Reader.ReadAsync(both.Token);
        }
        catch (OperationCanceledException) when (!stopping.IsCancellationRequested)
        {
            // Nobody asked within the interval.
            return false;
        }
    }
}

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Information, "Branches or tags of {Url} have moved and are served as they are there now")]
    public static partial void Fetched(ILogger logger, string url);

    [LoggerMessage(2, LogLevel.Error, "The remote repository {Url} cannot be fetched, what was fetched last is served: {Error}")]
    public static partial void NotFetched(ILogger logger, string url, string error);

    [LoggerMessage(3, LogLevel.Information, "The remote repository {Url} is fetched again")]
    public static partial void Reached(ILogger logger, string url);
}
