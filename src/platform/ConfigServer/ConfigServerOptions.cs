using FirstCome.ServiceDefaults;

namespace FirstCome.ConfigServer;

/// <summary>Section <c>ConfigServer</c>.</summary>
internal sealed class ConfigServerOptions : ICheckedOptions
{
    /// <summary>Folder of the Git repository, bare or with a work tree; only commits are read, never the work tree. Required.</summary>
    public string RepositoryPath { get; set; } = "";

    /// <summary>Folder of files from which the repository is made at start, with one commit, where there is none yet. Default: none is made.</summary>
    public string? InitialSettings { get; set; }

    /// <summary>Label for requests that name none; where there is no <c>main</c>, <c>master</c> is taken. Default: <c>main</c>.</summary>
    public string DefaultLabel { get; set; } = "main";

    /// <summary>Time for which the commit behind a label is taken for granted, zero to 1 minute. Default: 1 s.</summary>
    public TimeSpan LabelCheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    public IEnumerable<string> Check()
    {
        if (string.IsNullOrWhiteSpace(RepositoryPath))
            yield return "ConfigServer:RepositoryPath must be the folder of the Git repository that holds the settings, but is empty.";
        else if (RepositoryPath.Contains("://", StringComparison.Ordinal))
            yield return "ConfigServer:RepositoryPath must be a local folder, but is an address.";
        if (InitialSettings is not null && !Directory.Exists(InitialSettings))
            yield return $"ConfigServer:InitialSettings must be an existing folder, but there is none at \"{InitialSettings}\".";
        if (string.IsNullOrWhiteSpace(DefaultLabel) || DefaultLabel.Length > 200)
            yield return "ConfigServer:DefaultLabel must be a branch, tag or commit of 1 to 200 characters.";
        if (LabelCheckInterval < TimeSpan.Zero || LabelCheckInterval > TimeSpan.FromMinutes(1))
            yield return $"ConfigServer:LabelCheckInterval must be from 00:00:00 to 00:01:00, but is {LabelCheckInterval}.";
    }
}
