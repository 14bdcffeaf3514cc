namespace FirstCome.ConfigClient;

/// <summary>Which settings to take from which ConfigServer, and how often to look again.</summary>
public sealed class ConfigClientOptions
{
    /// <summary>Base addresses of the servers, tried in this order; http or https, without user information in them. Up to 16, at least one unless <see cref="DiscoveryUrls"/> are given.</summary>
    public IReadOnlyList<Uri> Urls { get; init; } = [];

    /// <summary>
    /// Discovery first: addresses of Eureka registries, such as <c>http://127.0.0.1:8081/eureka</c>, up to 16. The servers are then those that a registry knows as
    /// <see cref="DiscoveryServiceId"/>, with the metadata <c>user</c>, <c>password</c> and <c>configPath</c>; <see cref="Urls"/> must be empty. Default: none.
    /// </summary>
    public IReadOnlyList<Uri> DiscoveryUrls { get; init; } = [];

    /// <summary>Name of the config servers in the registry. Default: <c>configserver</c>.</summary>
    public string DiscoveryServiceId { get; init; } = "configserver";

    /// <summary>
    /// Whether adding the configuration fails with <see cref="ConfigServerUnavailableException"/> when no server answers within <see cref="FirstLoadTimeout"/>
    /// or its settings are refused, also where a cache file is. Default: false.
    /// </summary>
    public bool FailFast { get; init; }

    /// <summary>
    /// How long a server that can may hold a question until there are newer settings, 0 to 1 minute, so that they arrive at once; other servers answer at once and
    /// are asked every <see cref="PollInterval"/>. Zero: never. Default: 20 s.
    /// </summary>
    public TimeSpan LongPoll { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>Name under which the settings are kept, such as <c>issue-service</c>. The shared <c>application</c> files come along with it.</summary>
    public required string Application { get; init; }

    /// <summary>Profiles in rising order of precedence. Default: <c>default</c> alone.</summary>
    public IReadOnlyList<string> Profiles { get; init; } = ["default"];

    /// <summary>Branch, tag or commit; null asks for the server's default label.</summary>
    public string? Label { get; init; }

    /// <summary>Time between two looks at the server, 100 ms to 1 day; it is spread by a tenth so that instances do not ask together. Default: 30 s.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Limit of one request in the background, up to 1 minute. Default: 2 s.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Limit of the whole first load, which holds up the start of the service; up to 10 s. Default: 1 s.</summary>
    public TimeSpan FirstLoadTimeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// File that keeps the last good answer for a start without a server. It is replaced atomically and readable by its owner only (mode 600),
    /// because settings may hold secrets. Null: nothing is kept.
    /// </summary>
    public string? CacheFile { get; init; }

    /// <summary>User name for basic authentication; together with <see cref="Password"/> or not at all.</summary>
    public string? UserName { get; init; }

    /// <summary>Password for basic authentication.</summary>
    public string? Password { get; init; }

    /// <summary>Bearer token, in the place of <see cref="UserName"/> and <see cref="Password"/>.</summary>
    public string? Token { get; init; }

    /// <summary>
    /// Looks at a new set of settings (keys in .NET form, <c>Issue:ClaimTimeout</c>) before it is applied and returns what is wrong with it. A set with
    /// errors is not applied, the former one stays, and <see cref="ConfigState.LastError"/> tells the errors; so they should name keys, not secrets.
    /// </summary>
    public Func<IReadOnlyDictionary<string, string?>, IReadOnlyList<string>>? Validate { get; init; }

    /// <summary>Every mistake at once, each naming the option and what would be right.</summary>
    internal IReadOnlyList<string> Errors()
    {
        var errors = new List<string>();
        if (Urls.Count + DiscoveryUrls.Count is 0 or > 16)
            errors.Add($"{nameof(Urls)}: give 1 to 16 addresses, there are {Urls.Count + DiscoveryUrls.Count}.");
        if (Urls.Count > 0 && DiscoveryUrls.Count > 0)
            errors.Add($"{nameof(Urls)} and {nameof(DiscoveryUrls)}: give one of the two.");
        if (string.IsNullOrWhiteSpace(DiscoveryServiceId) || DiscoveryServiceId.Length > 200)
            errors.Add($"{nameof(DiscoveryServiceId)}: give a name of 1 to 200 characters.");
        if (LongPoll < TimeSpan.Zero || LongPoll > TimeSpan.FromMinutes(1))
            errors.Add($"{nameof(LongPoll)}: give a time from 00:00:00 to 00:01:00, it is {LongPoll}.");
        foreach (var (name, url) in Urls.Select(url => (nameof(Urls), url)).Concat(DiscoveryUrls.Select(url => (nameof(DiscoveryUrls), url))))
        {
            if (!url.IsAbsoluteUri || url.Scheme is not ("http" or "https"))
                errors.Add($"{name}: an address must be absolute and begin with http:// or https://.");
            else if (url.UserInfo.Length > 0)
                errors.Add($"{name}: {url.Host}:{url.Port} carries credentials; give them as {nameof(UserName)} and {nameof(Password)}.");
        }
        if (string.IsNullOrWhiteSpace(Application) || Application.Length > 200)
            errors.Add($"{nameof(Application)}: give a name of 1 to 200 characters.");
        if (Profiles.Count is 0 or > 16 || Profiles.Any(profile => string.IsNullOrWhiteSpace(profile) || profile.Contains(',', StringComparison.Ordinal)))
            errors.Add($"{nameof(Profiles)}: give 1 to 16 names, none empty and none with a comma.");
        if (PollInterval < TimeSpan.FromMilliseconds(100) || PollInterval > TimeSpan.FromDays(1))
            errors.Add($"{nameof(PollInterval)}: give a time from 00:00:00.100 to 1.00:00:00, it is {PollInterval}.");
        if (Timeout <= TimeSpan.Zero || Timeout > TimeSpan.FromMinutes(1))
            errors.Add($"{nameof(Timeout)}: give a time above zero and up to 00:01:00, it is {Timeout}.");
        if (FirstLoadTimeout <= TimeSpan.Zero || FirstLoadTimeout > TimeSpan.FromSeconds(10))
            errors.Add($"{nameof(FirstLoadTimeout)}: give a time above zero and up to 00:00:10, it is {FirstLoadTimeout}.");
        if (UserName is null != Password is null)
            errors.Add($"{nameof(UserName)} and {nameof(Password)}: give both or neither.");
        if (Token is not null && UserName is not null)
            errors.Add($"{nameof(Token)} and {nameof(UserName)}: give one of the two.");
        if (Token?.Any(character => character is <= ' ' or > '~') == true)
            errors.Add($"{nameof(Token)}: give printable ASCII characters without spaces.");
        return errors;
    }
}
