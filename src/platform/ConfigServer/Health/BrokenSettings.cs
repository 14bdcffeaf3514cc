using System.Collections.Concurrent;
using FirstCome.ConfigServer.Git;

namespace FirstCome.ConfigServer.Health;

/// <param name="Repository">Where the file stands.</param>
/// <param name="Label">Null for the default label.</param>
/// <param name="Commit">Newest commit of the label, which has the broken file.</param>
/// <param name="ServedCommit">What the application is given instead; null when there is nothing.</param>
/// <param name="Problem">File, line and reason.</param>
internal sealed record BrokenSettingsProblem(GitReader Repository, string? Label, string Application, string Commit, string? ServedCommit, string Problem);

/// <summary>Broken settings that somebody asked for, as long as the commit that has them is the newest of its label.</summary>
internal sealed class BrokenSettings
{
    private const int ProblemsMax = 100;

    private readonly ConcurrentDictionary<(GitReader Repository, string? Label, string Application), BrokenSettingsProblem> _problems = new();

    public void Report(BrokenSettingsProblem problem)
    {
        var key = (problem.Repository, problem.Label, problem.Application);
        if (_problems.Count < ProblemsMax || _problems.ContainsKey(key))
            _problems[key] = problem;
    }

    /// <exception cref="RepositoryUnavailableException" />
    public IReadOnlyList<BrokenSettingsProblem> Current()
    {
        foreach (var (key, problem) in _problems)
        {
            if (problem.Repository.Resolve(problem.Label)?.Commit != problem.Commit)
                _problems.TryRemove(key, out _);
        }
        return [.. _problems.Values];
    }
}
