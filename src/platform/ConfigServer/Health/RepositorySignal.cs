using FirstCome.ConfigServer.Git;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.ConfigServer.Health;

/// <summary>
/// Well when the default label can be read; degraded while an application is given an older commit because of a broken file. It looks at the
/// label's file on disk, at most once a second, because a server that nobody asks would otherwise not notice that its repository is gone.
/// </summary>
internal sealed class RepositorySignal(GitReader git, BrokenSettings broken, IOptions<ConfigServerOptions> options) : IHealthSignal
{
    public string Name => "settings-repository";

    public HealthState Current
    {
        get
        {
            try
            {
                if (git.Resolve(label: null) is not { } head)
                    return new HealthState(Severity.Failed, $"The settings' repository has no label {options.Value.DefaultLabel}.");
                var problems = broken.Current();
                return problems.Count == 0
                    ? new HealthState(Severity.Ok, $"commit {head.Commit}")
                    : new HealthState(Severity.Degraded, string.Join("; ", problems.Select(Tell)));
            }
            catch (RepositoryUnavailableException e)
            {
                return new HealthState(Severity.Failed, e.Message);
            }
        }
    }

    private static string Tell(BrokenSettingsProblem problem)
        => $"{problem.Problem} (commit {problem.Commit}); {problem.Application} is given {(problem.ServedCommit is { } served ? $"commit {served}" : "nothing")}";
}
