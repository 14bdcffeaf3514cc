using FirstCome.ConfigServer.Environments;

namespace FirstCome.ConfigServer.Access;

/// <summary>What a caller may read: everything, or the settings of some applications and the shared ones that come along with them.</summary>
/// <param name="Applications">Null for all.</param>
/// <param name="Foreign">
/// Applications bound to other callers. File names are ambiguous: application <c>issue</c> with profile <c>service</c> reads <c>issue-service.yml</c>, so
/// a question that amounts to a foreign name is refused, however it is put.
/// </param>
internal sealed record Grant(IReadOnlySet<string>? Applications, IReadOnlySet<string> Foreign)
{
    private const string Shared = "application";

    public static Grant Everything { get; } = new(null, new HashSet<string>());

    public Grant(IEnumerable<string> applications, IEnumerable<string> foreign)
        : this(applications.ToHashSet(StringComparer.Ordinal), foreign.ToHashSet(StringComparer.Ordinal))
    {
    }

    public bool Allows(EnvironmentQuery query)
    {
        if (Applications is null)
            return true;
        var names = query.Application.Split(',').Select(name => name.Trim('/')).Where(name => name.Length > 0).ToList();
        return names.All(name => name == Shared || Applications.Contains(name))
            && names.Append(Shared).All(name => query.Profiles.Split(',').All(profile => !IsForeign($"{name}-{profile}")));
    }

    /// <summary>Plain files are allowed in a folder that has the application's name; anything else could be another application's settings.</summary>
    public bool AllowsFile(string path) => Applications is null || Applications.Any(name => path.StartsWith(name + '/', StringComparison.Ordinal));

    private bool IsForeign(string stem)
        => Foreign.Any(other => stem == other || (stem.StartsWith(other + '-', StringComparison.Ordinal)
            && !Applications!.Any(own => own.Length > other.Length && stem.StartsWith(own + '-', StringComparison.Ordinal))));
}
