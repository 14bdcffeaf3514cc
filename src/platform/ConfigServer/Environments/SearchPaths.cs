using FirstCome.ConfigServer.Git;

namespace FirstCome.ConfigServer.Environments;

/// <summary>Where in a repository settings stand.</summary>
internal static class SearchPaths
{
    private const int FoldersMax = 100;

    /// <summary>The root and the folders of the search paths, lowest precedence first, each empty or with <c>/</c> at its end.</summary>
    public static IReadOnlyList<string> Folders(RepositoryOptions options, EnvironmentQuery query, string? label)
    {
        if (options.SearchPaths.Count == 0)
            return [""];
        var names = query.Application.Split(',').Select(name => name.Trim('/')).Where(name => name.Length > 0).ToList();
        return
        [
            .. options.SearchPaths
                .SelectMany(path => query.Profiles.Split(',').SelectMany(profile => names.Select(name => path
                    .Replace("{application}", name, StringComparison.Ordinal)
                    .Replace("{profile}", profile, StringComparison.Ordinal)
                    .Replace("{label}", label ?? options.DefaultLabel, StringComparison.Ordinal))))
                .Select(folder => folder.Trim('/') + "/")
                .Prepend("")
                .Distinct()
                .Take(FoldersMax),
        ];
    }
}
