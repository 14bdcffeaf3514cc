using FirstCome.ConfigServer.Access;
using FirstCome.ConfigServer.Git;
using FirstCome.ServiceDefaults;

namespace FirstCome.ConfigServer;

/// <summary>Section <c>ConfigServer</c>.</summary>
internal sealed class ConfigServerOptions : RepositoryOptions, ICheckedOptions
{
    private const int SecretLengthMin = 16;

    /// <summary>Folder of files from which the repository is made at start, with one commit, where there is none yet. Default: none is made.</summary>
    public string? InitialSettings { get; set; }

    /// <summary>Repositories for some applications, by name; the first in the order of names whose pattern fits is taken. Default: none.</summary>
    public IDictionary<string, PatternRepositoryOptions> Repositories { get; } = new Dictionary<string, PatternRepositoryOptions>(StringComparer.Ordinal);

    /// <summary>Time between two fetches of a remote repository, 1 s to 1 day, spread by a tenth. Default: 15 s.</summary>
    public TimeSpan FetchInterval { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Limit of one fetch, the first included, 1 s to 1 hour. Default: 1 min.</summary>
    public TimeSpan FetchTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Secret of push notices, 16 characters or more. A secret: give it by environment variable. Default: none, notices come from the loopback only.</summary>
    public string? MonitorSecret { get; set; }

    /// <summary>Time for which the commit behind a label is taken for granted, zero to 1 minute. Default: 1 s.</summary>
    public TimeSpan LabelCheckInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Key of <c>{cipher}</c> values, as Spring's <c>encrypt.key</c>. A secret: give it by environment variable, or as a file. Default: none, values stay shut.</summary>
    public string? EncryptKey { get; set; }

    /// <summary>File that holds the key in the place of <see cref="EncryptKey"/>; a newline at its end does not count. Default: none.</summary>
    public string? EncryptKeyFile { get; set; }

    /// <summary>Salt of the key, hexadecimal, as Spring's <c>encrypt.salt</c>. Default: <c>deadbeef</c>, as Spring's.</summary>
    public string EncryptSalt { get; set; } = "deadbeef";

    /// <summary>Who may encrypt and decrypt. Default: nobody, and the paths are not there.</summary>
    public AdministratorOptions Administrator { get; } = new();

    /// <summary>Readers of settings by user name. The services' own key, as bearer token, opens everything, too. Default: none.</summary>
    public IDictionary<string, ClientOptions> Clients { get; } = new Dictionary<string, ClientOptions>(StringComparer.Ordinal);

    /// <summary>Who may read without credentials: <c>Loopback</c>, <c>Nobody</c> or <c>Everyone</c>. Default: <c>Loopback</c>.</summary>
    public ReadAccess Reads { get; set; } = ReadAccess.Loopback;

    /// <summary>The key of <c>{cipher}</c> values, wherever it stands; null when there is none.</summary>
    public string? ReadEncryptKey()
        => !string.IsNullOrEmpty(EncryptKey) ? EncryptKey : string.IsNullOrEmpty(EncryptKeyFile) ? null : File.ReadAllText(EncryptKeyFile).TrimEnd('\r', '\n');

    public IEnumerable<string> Check() => CheckRepository("ConfigServer").Concat(CheckTimes()).Concat(CheckSecrets());

    private IEnumerable<string> CheckSecrets()
    {
        if (!string.IsNullOrEmpty(EncryptKey) && !string.IsNullOrEmpty(EncryptKeyFile))
            yield return "ConfigServer:EncryptKey and ConfigServer:EncryptKeyFile must not both be given.";
        if (!string.IsNullOrEmpty(EncryptKeyFile) && !File.Exists(EncryptKeyFile))
            yield return $"ConfigServer:EncryptKeyFile must be an existing file, but there is none at \"{EncryptKeyFile}\".";
        if (EncryptSalt.Length is < 2 or > 200 || EncryptSalt.Length % 2 != 0 || !EncryptSalt.All(char.IsAsciiHexDigit))
            yield return "ConfigServer:EncryptSalt must be 2 to 200 hexadecimal digits, an even number of them.";
        if (!Enum.IsDefined(Reads))
            yield return $"ConfigServer:Reads must be Loopback, Nobody or Everyone, but is {Reads}.";
        var secrets = Clients.SelectMany(client => new[] { ($"Clients:{client.Key}:Password", client.Value.Password), ($"Clients:{client.Key}:Token", client.Value.Token) })
            .Append(("Administrator:Password", Administrator.Password)).Append(("Administrator:Token", Administrator.Token)).Append((nameof(MonitorSecret), MonitorSecret));
        foreach (var (key, secret) in secrets)
        {
            if (!string.IsNullOrEmpty(secret) && secret.Length < SecretLengthMin)
                yield return $"ConfigServer:{key} must be a secret of {SecretLengthMin} characters or more, but has {secret.Length}.";
        }
        foreach (var (name, client) in Clients)
        {
            if (name.Contains(':', StringComparison.Ordinal) || name.Length > 200 || (string.IsNullOrEmpty(client.Password) && string.IsNullOrEmpty(client.Token)))
                yield return $"ConfigServer:Clients:{name} must have a name without colon, up to 200 characters, and a Password or a Token.";
        }
    }

    private IEnumerable<string> CheckTimes()
    {
        foreach (var (name, repository) in Repositories)
        {
            foreach (var error in repository.Check($"ConfigServer:Repositories:{name}"))
                yield return error;
        }
        if (Repositories.Values.Select(repository => repository.RepositoryPath).Append(RepositoryPath).Where(path => path.Length > 0).Select(Path.GetFullPath).GroupBy(path => path).Any(same => same.Count() > 1))
            yield return "ConfigServer:Repositories must have a RepositoryPath of its own each.";
        if (InitialSettings is not null && !Directory.Exists(InitialSettings))
            yield return $"ConfigServer:InitialSettings must be an existing folder, but there is none at \"{InitialSettings}\".";
        if (InitialSettings is not null && Remote.IsGiven)
            yield return "ConfigServer:InitialSettings and ConfigServer:Remote:Url must not both be given.";
        if (LabelCheckInterval < TimeSpan.Zero || LabelCheckInterval > TimeSpan.FromMinutes(1))
            yield return $"ConfigServer:LabelCheckInterval must be from 00:00:00 to 00:01:00, but is {LabelCheckInterval}.";
        if (FetchInterval < TimeSpan.FromSeconds(1) || FetchInterval > TimeSpan.FromDays(1))
            yield return $"ConfigServer:FetchInterval must be from 00:00:01 to 1.00:00:00, but is {FetchInterval}.";
        if (FetchTimeout < TimeSpan.FromSeconds(1) || FetchTimeout > TimeSpan.FromHours(1))
            yield return $"ConfigServer:FetchTimeout must be from 00:00:01 to 01:00:00, but is {FetchTimeout}.";
    }
}
