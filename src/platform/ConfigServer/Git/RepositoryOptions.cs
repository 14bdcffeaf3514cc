namespace FirstCome.ConfigServer.Git;

/// <summary>One repository of settings: where it is, where it comes from, and where in it settings stand.</summary>
internal class RepositoryOptions
{
    private const int SearchPathsMax = 20;

    /// <summary>
    /// Folder of the Git repository, bare or with a work tree; only commits are read, never the work tree. With <see cref="Remote"/> it is the clone's own
    /// folder, which this server makes and keeps. Required.
    /// </summary>
    public string RepositoryPath { get; set; } = "";

    /// <summary>Where the repository comes from. Default: nowhere, it is local.</summary>
    public RemoteOptions Remote { get; } = new();

    /// <summary>Label for requests that name none; where there is no <c>main</c>, <c>master</c> is taken. Default: <c>main</c>.</summary>
    public string DefaultLabel { get; set; } = "main";

    /// <summary>
    /// Folders of the repository in which settings stand besides its root, in rising order of precedence; <c>{application}</c>, <c>{profile}</c> and
    /// <c>{label}</c> stand for what was asked for. Up to 20. Default: none.
    /// </summary>
    public IList<string> SearchPaths { get; } = [];

    /// <param name="section">The section's name, for the messages.</param>
    protected IEnumerable<string> CheckRepository(string section)
    {
        if (string.IsNullOrWhiteSpace(RepositoryPath))
            yield return $"{section}:RepositoryPath must be the folder of the Git repository that holds the settings, but is empty.";
        else if (RepositoryPath.Contains("://", StringComparison.Ordinal))
            yield return $"{section}:RepositoryPath must be a local folder, but is an address; give that as {section}:Remote:Url.";
        if (string.IsNullOrWhiteSpace(DefaultLabel) || DefaultLabel.Length > 200)
            yield return $"{section}:DefaultLabel must be a branch, tag or commit of 1 to 200 characters.";
        if (SearchPaths.Count > SearchPathsMax || SearchPaths.Any(path => path.Length is 0 or > 200 || path.Contains("..", StringComparison.Ordinal) || path.AsSpan().ContainsAny('*', '\\', '#')))
            yield return $"{section}:SearchPaths must be up to {SearchPathsMax} folders of the repository, without \"..\" and \"*\".";
        foreach (var error in Remote.Check($"{section}:Remote"))
            yield return error;
    }
}

/// <summary>Section <c>ConfigServer:Repositories:{name}</c>: a repository for some applications.</summary>
internal sealed class PatternRepositoryOptions : RepositoryOptions
{
    /// <summary><c>application</c> or <c>application/profile</c>, with <c>*</c> for any text. At least one.</summary>
    public IList<string> Patterns { get; } = [];

    public IEnumerable<string> Check(string section)
        => Patterns.Count is 0 or > 50 || Patterns.Any(pattern => pattern.Length is 0 or > 200)
            ? CheckRepository(section).Append($"{section}:Patterns must be 1 to 50 patterns such as \"team-a-*\" or \"*/prod\".")
            : CheckRepository(section);
}

/// <summary>Section <c>Remote</c> of a repository.</summary>
internal sealed class RemoteOptions
{
    /// <summary><c>file://</c>, <c>https://</c> or <c>ssh://</c>, without a password in it. Default: none.</summary>
    public string? Url { get; set; }

    /// <summary>User of an <c>https://</c> remote, with <see cref="Password"/>.</summary>
    public string? UserName { get; set; }

    /// <summary>Password or access token of an <c>https://</c> remote. A secret: give it by environment variable.</summary>
    public string? Password { get; set; }

    /// <summary>Private key of an <c>ssh://</c> remote, without passphrase, readable by its owner alone. Required there.</summary>
    public string? SshKeyFile { get; set; }

    /// <summary>The host keys that an <c>ssh://</c> remote may have, in the format of <c>known_hosts</c>. Required there: an unknown host is refused.</summary>
    public string? KnownHostsFile { get; set; }

    public bool IsGiven => !string.IsNullOrEmpty(Url);

    public bool IsSsh => IsGiven && new Uri(Url!).Scheme == "ssh";

    public IEnumerable<string> Check(string section)
    {
        if (!IsGiven)
            yield break;
        if (!Uri.TryCreate(Url, UriKind.Absolute, out var url) || url.Scheme is not ("file" or "https" or "ssh") || url.UserInfo.Contains(':', StringComparison.Ordinal)
            || url.UserInfo.StartsWith('-') || url.Host.StartsWith('-') || url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            yield return $"{section}:Url must be an address that begins with file://, https:// or ssh://, without password, query and fragment.";
            yield break;
        }
        if (string.IsNullOrEmpty(UserName) != string.IsNullOrEmpty(Password))
            yield return $"{section}:UserName and {section}:Password must be given together.";
        if (url.Scheme != "ssh")
            yield break;
        foreach (var (key, file) in new[] { (nameof(SshKeyFile), SshKeyFile), (nameof(KnownHostsFile), KnownHostsFile) })
        {
            if (string.IsNullOrEmpty(file) || !File.Exists(file))
                yield return $"{section}:{key} must be an existing file, but there is none at \"{file}\".";
            else if (!file.All(character => char.IsAsciiLetterOrDigit(character) || character is '/' or '.' or '-' or '_'))
                yield return $"{section}:{key} must be a path of letters, digits and /._- alone, because ssh reads other characters as its own.";
        }
    }
}
