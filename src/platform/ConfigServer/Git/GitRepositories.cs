using System.Text.RegularExpressions;
using FirstCome.ConfigServer.Environments;
using Microsoft.Extensions.Options;

namespace FirstCome.ConfigServer.Git;

/// <summary>The repositories: those with patterns in the order of their names, and the one for all other applications.</summary>
internal sealed class GitRepositories : IDisposable
{
    private readonly GitReader _default;
    private readonly List<(Regex Pattern, GitReader Reader)> _patterns = [];

    public GitRepositories(IOptions<ConfigServerOptions> options, TimeProvider time)
    {
        var interval = options.Value.LabelCheckInterval;
        _default = new GitReader(options.Value, interval, time);
        All = [_default];
        foreach (var (_, repository) in options.Value.Repositories.OrderBy(entry => entry.Key, StringComparer.Ordinal))
        {
            var reader = new GitReader(repository, interval, time);
            All = [.. All, reader];
            _patterns.AddRange(repository.Patterns.Select(pattern => (Compile(pattern), reader)));
        }
    }

    public IReadOnlyList<GitReader> All { get; }

    /// <summary>The first whose pattern fits the application with one of its profiles.</summary>
    public GitReader For(EnvironmentQuery query)
    {
        if (_patterns.Count == 0)
            return _default;
        var names = query.Profiles.Split(',').Select(profile => $"{query.Application}/{profile}").ToList();
        return _patterns.FirstOrDefault(entry => names.Any(entry.Pattern.IsMatch)).Reader ?? _default;
    }

    public void Dispose()
    {
        foreach (var reader in All)
            reader.Dispose();
    }

    private static Regex Compile(string pattern)
        => new($"^{Regex.Escape(pattern.Contains('/', StringComparison.Ordinal) ? pattern : pattern + "/*").Replace("\\*", ".*", StringComparison.Ordinal)}$",
            RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
}
