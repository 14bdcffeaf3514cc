using LibGit2Sharp;

namespace FirstCome.ConfigServer.Git;

/// <summary>A bare clone that holds what its remote holds, branch for branch and tag for tag, also after a forced push.</summary>
internal sealed class RemoteClone(RepositoryOptions options, TimeSpan timeout, TimeProvider time)
{
    private const long BytesMax = 1024L * 1024 * 1024;
    private const string Origin = "origin", MirrorKey = "remote.origin.mirror";

    private static readonly string[] RefSpecs = ["+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*"];

    private volatile string? _error = "it has not been fetched yet";

    public string Url => options.Remote.Url!;

    /// <summary>Why the last fetch failed; null when it did not.</summary>
    public string? Error => _error;

    /// <summary>Fetches once; true when a branch or tag has moved. Does not throw but for <paramref name="stopping"/>; <see cref="Error"/> tells how it went.</summary>
    public async Task<bool> FetchAsync(CancellationToken stopping)
    {
        using var limit = new CancellationTokenSource(timeout, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
        try
        {
            var before = await Task.Run(Prepare, both.Token);
            if (options.Remote.IsSsh)
                await GitProgram.FetchAsync(options, RefSpecs, both.Token);
            else
                await Task.Run(() => Fetch(both.Token), both.Token);
            _error = null;
            return before != await Task.Run(References, stopping);
        }
        catch (Exception e) when (e is LibGit2SharpException or IOException or UnauthorizedAccessException or OperationCanceledException or InvalidOperationException && !stopping.IsCancellationRequested)
        {
            _error = limit.IsCancellationRequested ? $"it did not answer within {timeout.TotalSeconds:0.###} s" : e.Message;
            return false;
        }
    }

    /// <summary>The folder is this clone's own: a repository that somebody works in would lose its branches.</summary>
    private string Prepare()
    {
        var path = options.RepositoryPath;
        if (!Repository.IsValid(path))
        {
            if (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any())
                throw new InvalidOperationException($"the folder {path} is neither empty nor a clone; move it away or name another");
            Repository.Init(path, isBare: true);
            using var made = new Repository(path);
            made.Refs.UpdateTarget("HEAD", "refs/heads/" + options.DefaultLabel);
            made.Network.Remotes.Add(Origin, Url, RefSpecs[0]);
            made.Config.Set(MirrorKey, true);
        }
        using var repository = new Repository(path);
        if (!repository.Info.IsBare || repository.Config.Get<bool>(MirrorKey)?.Value != true || repository.Network.Remotes[Origin]?.Url != Url)
            throw new InvalidOperationException($"the folder {path} holds another repository; move it away or name another");
        return References(repository);
    }

    private string References()
    {
        using var repository = new Repository(options.RepositoryPath);
        return References(repository);
    }

    private static string References(Repository repository)
        => string.Join('\n', repository.Refs.Select(reference => $"{reference.CanonicalName} {reference.TargetIdentifier}").Order(StringComparer.Ordinal));

    private void Fetch(CancellationToken cancellation)
    {
        using var repository = new Repository(options.RepositoryPath);
        Commands.Fetch(repository, Origin, RefSpecs, new FetchOptions
        {
            Prune = true,
            TagFetchMode = TagFetchMode.None,
            CredentialsProvider = string.IsNullOrEmpty(options.Remote.UserName)
                ? null
                : (_, _, _) => new UsernamePasswordCredentials { Username = options.Remote.UserName, Password = options.Remote.Password },
            OnProgress = _ => !cancellation.IsCancellationRequested,
            OnTransferProgress = progress => !cancellation.IsCancellationRequested && progress.ReceivedBytes <= BytesMax,
        }, null);
    }
}
