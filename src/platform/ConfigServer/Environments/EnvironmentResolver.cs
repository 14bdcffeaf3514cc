using System.Security.Cryptography;
using FirstCome.ConfigServer.Documents;
using FirstCome.ConfigServer.Git;
using FirstCome.ConfigServer.Health;
using FirstCome.ConfigServer.Requests;
using FirstCome.ConfigServer.Secrets;

namespace FirstCome.ConfigServer.Environments;

/// <param name="Application">One name or several with commas; <c>/</c> where the request had <c>(_)</c>.</param>
/// <param name="Profiles">As asked, one or several with commas.</param>
/// <param name="Label">As asked, with <c>/</c>; null for the default label.</param>
internal sealed record EnvironmentQuery(string Application, string Profiles, string? Label);

/// <param name="Name">Address of the file, by which a client can tell where a value comes from.</param>
internal sealed record PropertySource(string Name, IReadOnlyList<Setting> Settings);

/// <param name="Version">Commits that were read, in the order of the labels, with commas.</param>
/// <param name="Sources">Highest precedence first.</param>
internal sealed record ResolvedEnvironment(EnvironmentQuery Query, string Version, IReadOnlyList<PropertySource> Sources)
{
    /// <summary>The answer's bytes; what was rendered once is the same for good.</summary>
    public byte[] Json => field ??= EnvironmentJson.Render(this, withOrigins: false);

    /// <summary>The answer's bytes in the second media type.</summary>
    public byte[] JsonWithOrigins => field ??= EnvironmentJson.Render(this, withOrigins: true);

    /// <summary>The same as long as the answer is: another commit, or another key for secrets, makes another.</summary>
    public string EntityTag => field ??= $"\"{Convert.ToHexStringLower(SHA256.HashData(Json).AsSpan(0, 16))}\"";
}

/// <summary>
/// Collects the property sources of an application: profile by profile (the last one highest), within a profile the application before the shared
/// <c>application</c>, then the same without profile.
/// </summary>
internal sealed class EnvironmentResolver(
    GitRepositories repositories, SettingsFiles files, Ciphers ciphers, BoundedCache cache, BrokenSettings broken, ILogger<EnvironmentResolver> logger)
{
    /// <summary>How far a branch is followed back for the last commit whose files can be read.</summary>
    private const int AncestorsMax = 50;

    /// <summary>The environment, or null when a label is unknown.</summary>
    /// <exception cref="BrokenSettingsException">A file is broken and there is no earlier commit to fall back to.</exception>
    /// <exception cref="RepositoryUnavailableException" />
    public ResolvedEnvironment? Resolve(EnvironmentQuery query)
    {
        var git = repositories.For(query);
        var labels = (string?[]?)query.Label?.Split(',') ?? [null];
        var commits = new ResolvedLabel[labels.Length];
        for (var i = 0; i < labels.Length; i++)
        {
            if (git.Resolve(labels[i]) is not { } resolved)
                return null;
            commits[i] = resolved;
        }
        var key = (git, string.Join(',', commits.Select(commit => commit.Commit)), query);
        if (!cache.TryGet<Outcome>(key, out var outcome))
        {
            outcome = Build(git, query, labels, commits);
            cache.Set(key, outcome, 4_000 + outcome.Environment.Sources.Sum(source => source.Settings.Sum(setting => 200L + 8 * (setting.Key.Length + setting.Value.Text.Length))));
        }
        foreach (var problem in outcome.Problems)
            broken.Report(problem);
        return outcome.Environment;
    }

    private Outcome Build(GitReader git, EnvironmentQuery query, string?[] labels, ResolvedLabel[] commits)
    {
        var problems = new List<BrokenSettingsProblem>();
        var sources = new List<PropertySource>();
        var versions = new string[commits.Length];
        // The last label has the highest precedence; a file that several commits have comes once for each.
        for (var i = commits.Length - 1; i >= 0; i--)
        {
            var (version, found) = LastGood(git, query, labels[i], commits[i], problems);
            versions[i] = version;
            sources.AddRange(found);
        }
        return new Outcome(new ResolvedEnvironment(query, string.Join(',', versions), sources), problems);
    }

    private (string Version, List<PropertySource> Sources) LastGood(
        GitReader git, EnvironmentQuery query, string? label, ResolvedLabel head, List<BrokenSettingsProblem> problems)
    {
        try
        {
            return (head.Commit, Collect(git, query, label, head.Commit));
        }
        catch (BrokenSettingsException e)
        {
            if (head.Moves)
            {
                foreach (var ancestor in git.Ancestors(head.Commit, AncestorsMax))
                {
                    if (TryCollect(git, query, label, ancestor) is not { } sources)
                        continue;
                    problems.Add(new BrokenSettingsProblem(git, label, query.Application, head.Commit, ancestor, e.Message));
                    Log.BrokenSettings(logger, e.Message, head.Commit, query.Application, ancestor);
                    return (ancestor, sources);
                }
            }
            Log.NoGoodSettings(logger, e.Message, head.Commit, query.Application);
            broken.Report(new BrokenSettingsProblem(git, label, query.Application, head.Commit, ServedCommit: null, e.Message));
            throw;
        }
    }

    private List<PropertySource>? TryCollect(GitReader git, EnvironmentQuery query, string? label, string commit)
    {
        try
        {
            return Collect(git, query, label, commit);
        }
        catch (BrokenSettingsException)
        {
            // An earlier commit may be whole; the caller tells what is broken in the newest.
            return null;
        }
    }

    private List<PropertySource> Collect(GitReader git, EnvironmentQuery query, string? label, string commit)
    {
        var names = query.Application.Split(',').Select(name => name.Trim('/')).Where(name => name.Length > 0).Prepend("application").Distinct().ToList();
        var profiles = query.Profiles.Split(',').Distinct().ToList();
        var stems = names.Concat(profiles.SelectMany(profile => names.Select(name => $"{name}-{profile}"))).ToList();
        var sources = new List<PropertySource>();
        try
        {
            foreach (var folder in SearchPaths.Folders(git.Options, query, label))
                foreach (var stem in stems)
                    foreach (var extension in SettingsFiles.Extensions)
                        AddSources(git, commit, folder + stem + extension, profiles, sources);
        }
        catch (SettingsFileException e)
        {
            throw new BrokenSettingsException(query.Application, e.Line, e.Message);
        }
        sources.Reverse();
        return sources;
    }

    private void AddSources(GitReader git, string commit, string path, List<string> profiles, List<PropertySource> sources)
    {
        if (files.Read(git, commit, path) is not { } documents)
            return;
        for (var i = 0; i < documents.Count; i++)
        {
            if (!ProfileExpression.IsActive(documents[i], profiles))
                continue;
            var file = $"{git.Name}/{path}";
            var name = documents.Count == 1 ? file : $"{git.Name}/Config resource 'file [{file}' via location '' (document #{i})";
            sources.Add(new PropertySource(name, ciphers.Open(documents[i].Settings)));
        }
    }

    private sealed record Outcome(ResolvedEnvironment Environment, IReadOnlyList<BrokenSettingsProblem> Problems);
}

internal static partial class Log
{
    [LoggerMessage(1, LogLevel.Error, "Settings are broken: {Problem} (commit {Commit}). {Application} is given commit {Served}")]
    public static partial void BrokenSettings(ILogger logger, string problem, string commit, string application, string served);

    [LoggerMessage(2, LogLevel.Error, "Settings are broken: {Problem} (commit {Commit}), and there is no earlier commit to give {Application}")]
    public static partial void NoGoodSettings(ILogger logger, string problem, string commit, string application);
}
