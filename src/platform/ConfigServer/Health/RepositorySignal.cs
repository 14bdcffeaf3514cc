using FirstCome.ConfigServer.Git;
using FirstCome.ServiceDefaults;

namespace FirstCome.ConfigServer.Health;

/// <summary>
/// Well when the default label of every repository can be read; degraded while an application is given an older commit because of a broken file,
/// or while a remote is away. It looks at the
/// label's file on disk, at most once a second, because a server that nobody asks would otherwise not notice that its repository is gone.
/// </summary>
internal sealed class RepositorySignal(GitRepositories repositories, RemoteFetching remotes, BrokenSettings broken) : IHealthSignal
{
    public string Name => "settings-repository";

    public HealthState Current
    {
        get
        {
            try
            {
                var heads = repositories.All.Select(repository => (Repository: repository, Head: repository.Resolve(label: null)?.Commit)).ToList();
                var missing = heads.Where(each => each.Head is null).Select(each => $"The settings' repository {each.Repository.Name} has no label {each.Repository.Options.DefaultLabel}{Away(each.Repository)}.").ToList();
                if (missing.Count > 0)
                    return new HealthState(Severity.Failed, string.Join(" ", missing));
                var problems = heads.Where(each => remotes.ErrorOf(each.Repository) is not null)
                    .Select(each => $"{each.Repository.Name} cannot be fetched, its commit {each.Head} is served{Away(each.Repository)}")
                    .Concat(broken.Current().Select(Tell)).ToList();
                return problems.Count == 0
                    ? new HealthState(Severity.Ok, $"commit {string.Join(", ", heads.Select(each => each.Head))}")
                    : new HealthState(Severity.Degraded, string.Join("; ", problems));
            }
            catch (RepositoryUnavailableException e)
            {
                return new HealthState(Severity.Failed, e.Message);
            }
        }
    }

    private string Away(GitReader repository) => remotes.ErrorOf(repository) is { } error ? $" ({error})" : "";

    private static string Tell(BrokenSettingsProblem problem)
        => $"{problem.Problem} (commit {problem.Commit}); {problem.Application} is given {(problem.ServedCommit is { } served ? $"commit {served}" : "nothing")}";
}
