using System.Collections.Concurrent;
using LibGit2Sharp;

namespace FirstCome.ConfigServer.Git;

/// <param name="Commit">Full id of the commit.</param>
/// <param name="Moves">Whether the label can stand for another commit tomorrow: branches do, tags and commits do not.</param>
internal sealed record ResolvedLabel(string Commit, bool Moves);

internal sealed record BlobReference(string Id, long Size);

/// <summary>The repository cannot be read at all, as opposed to not having what was asked for.</summary>
internal sealed class RepositoryUnavailableException(string message, Exception? inner) : Exception(message, inner);

/// <summary>
/// Reads commits, trees and blobs from the object database; there is no checkout, so readers of different labels never meet and a path leads
/// to nothing but a blob of that commit. A repository handle serves one thread at a time; what is read is kept by the callers.
/// </summary>
/// <param name="labelCheckInterval">Time for which the commit behind a label is taken for granted.</param>
internal sealed class GitReader(RepositoryOptions options, TimeSpan labelCheckInterval, TimeProvider time) : IDisposable
{
    private const int LabelsKeptMax = 1_000;
    private const int ShortCommitLengthMin = 4;
    private const int CommitLength = 40;

    private readonly ConcurrentDictionary<string, (ResolvedLabel? Label, long CheckedAt)> _labels = new(StringComparer.Ordinal);
    private readonly Lock _handle = new();
    private Repository? _repository;

    /// <summary>How sources of this repository are named in answers.</summary>
    public string Name { get; } = new Uri(options.Remote.IsGiven ? options.Remote.Url! : Path.GetFullPath(options.RepositoryPath)).AbsoluteUri.TrimEnd('/');

    public RepositoryOptions Options => options;

    /// <summary>The commit that a label stands for, at most the check interval old; null when there is no such label.</summary>
    /// <exception cref="RepositoryUnavailableException" />
    public ResolvedLabel? Resolve(string? label)
    {
        var key = label ?? "";
        if (_labels.TryGetValue(key, out var known) && time.GetElapsedTime(known.CheckedAt) < labelCheckInterval)
            return known.Label;
        var checkedAt = time.GetTimestamp();
        var asked = label ?? options.DefaultLabel;
        var resolved = Read(repository => Find(repository, asked)
            ?? (asked == "main" && options.DefaultLabel == "main" ? Find(repository, "master") : null));
        if (_labels.Count >= LabelsKeptMax)
            _labels.Clear();
        _labels[key] = (resolved, checkedAt);
        return resolved;
    }

    /// <summary>Takes no label for granted any more.</summary>
    public void LookAgain() => _labels.Clear();

    /// <summary>The file at a path of a commit; null for what is not there, a folder, a link or a submodule.</summary>
    /// <exception cref="RepositoryUnavailableException" />
    public BlobReference? File(string commit, string path)
        => Read(repository => repository.Lookup<Commit>(commit)?[path] is { TargetType: TreeEntryTargetType.Blob, Mode: not Mode.SymbolicLink } entry
            ? new BlobReference(entry.Target.Sha, ((Blob)entry.Target).Size)
            : null);

    /// <exception cref="RepositoryUnavailableException" />
    public byte[] Content(BlobReference blob)
        => Read(repository =>
        {
            using var stream = repository.Lookup<Blob>(blob.Id).GetContentStream();
            var content = new byte[blob.Size];
            stream.ReadExactly(content);
            return content;
        });

    public DateTimeOffset CommittedAt(string commit) => Read(repository => repository.Lookup<Commit>(commit).Committer.When);

    /// <summary>The commits before this one on its own line of history, nearest first.</summary>
    public IReadOnlyList<string> Ancestors(string commit, int countMax)
        => Read(repository =>
        {
            var ancestors = new List<string>();
            for (var next = repository.Lookup<Commit>(commit)?.Parents.FirstOrDefault(); next is not null && ancestors.Count < countMax; next = next.Parents.FirstOrDefault())
                ancestors.Add(next.Sha);
            return ancestors;
        });

    public void Dispose() => _repository?.Dispose();

    /// <summary>
    /// Names only, never revision expressions: <c>main~1</c> or <c>main@{0}</c> would let a caller walk to commits that no name publishes, and cost more.
    /// </summary>
    private static ResolvedLabel? Find(Repository repository, string label)
    {
        // The library underneath reads a name up to its first null character.
        if (label.Any(char.IsControl))
            return null;
        if (label == "HEAD")
            return Commit(repository.Head.Tip) is { } head ? new ResolvedLabel(head, Moves: true) : null;
        foreach (var (prefix, moves) in new[] { ("refs/heads/", true), ("refs/tags/", false), ("refs/remotes/origin/", true), ("", true) })
        {
            var name = prefix + label;
            if ((prefix.Length > 0 || label.StartsWith("refs/", StringComparison.Ordinal)) && Reference.IsValidName(name)
                && repository.Refs[name]?.ResolveToDirectReference()?.Target is { } target && Commit(target) is { } commit)
                return new ResolvedLabel(commit, moves);
        }
        if (label.Length is < ShortCommitLengthMin or > CommitLength || !label.All(char.IsAsciiHexDigitLower))
            return null;
        try
        {
            return repository.Lookup(label, ObjectType.Commit) is Commit found ? new ResolvedLabel(found.Sha, Moves: false) : null;
        }
        catch (AmbiguousSpecificationException)
        {
            // A prefix of several commits names none of them.
            return null;
        }
    }

    private static string? Commit(GitObject? target) => target switch
    {
        Commit commit => commit.Sha,
        TagAnnotation tag => Commit(tag.Target),
        _ => null,
    };

    /// <summary>Opens the repository when it is first needed and again after a failure, so one that comes later or comes back is served.</summary>
    private T Read<T>(Func<Repository, T> read)
    {
        lock (_handle)
        {
            try
            {
                _repository ??= new Repository(options.RepositoryPath);
                return read(_repository);
            }
            catch (Exception e) when (e is LibGit2SharpException or IOException or UnauthorizedAccessException)
            {
                _repository?.Dispose();
                _repository = null;
                throw new RepositoryUnavailableException($"The settings' repository cannot be read: {e.Message}", e);
            }
        }
    }
}
