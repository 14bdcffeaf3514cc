using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;

namespace FirstCome.ConfigClient;

/// <summary>The settings in force and the way to newer ones. One for each configuration; the provider and the poller share it.</summary>
internal sealed class RemoteSettings
{
    private const int AnswerBytesMax = 4 * 1024 * 1024;

    private static readonly SettingsSet None = new(null, DateTimeOffset.MinValue, new Dictionary<string, string?>());

    private readonly SettingsCacheFile? _cacheFile;
    private readonly HttpClient _http;
    private readonly Lock _firstLoad = new();
    private volatile SettingsSet _current = None;
    private bool _firstLoadDone;
    private int _preferredUrl;
    private readonly ServerAddresses _servers;
    private string? _entityTag;
    private string? _refusal;

    /// <param name="http">Lives as long as the configuration, which is as long as the process part.</param>
    private RemoteSettings(ConfigClientOptions options, HttpClient http)
    {
        Options = options;
        _http = http;
        _servers = new ServerAddresses(options);
        ServerHolds = options.LongPoll > TimeSpan.Zero;
        var label = options.Label is { Length: > 0 } text ? "/" + Uri.EscapeDataString(text.Replace("/", "(_)", StringComparison.Ordinal)) : "";
        Path = $"{Uri.EscapeDataString(options.Application.Replace("/", "(_)", StringComparison.Ordinal))}/"
            + $"{Uri.EscapeDataString(string.Join(',', options.Profiles))}{label}";
        _cacheFile = options.CacheFile is { } file ? new SettingsCacheFile(file, Path) : null;
        State.Set(state => state with { Configured = true });
    }

    /// <summary>Servers are inside; a proxy or a redirect could carry credentials elsewhere.</summary>
    public static RemoteSettings For(ConfigClientOptions options)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            PooledConnectionLifetime = TimeSpan.FromMinutes(2),
            // A limit that is reached in the middle of an answer would else wait another two seconds for the rest of it.
            MaxResponseDrainSize = 0,
        };
        return new RemoteSettings(options, new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = AnswerBytesMax });
    }

    public ConfigClientOptions Options { get; }

    public ConfigState State { get; } = new();

    public string Path { get; }

    public IReadOnlyDictionary<string, string?> Values => _current.Values;

    /// <summary>Whether the server holds questions until there is something new, so that it may be asked again at once; taken for granted until a question that it might have held shows otherwise.</summary>
    public bool ServerHolds { get; private set; }

    /// <summary>Raised after <see cref="Values"/> have become others.</summary>
    public event Action? Changed;

    /// <summary>
    /// Runs once, while the configuration is being built, hence the synchronous call. The time is bounded for all servers together; without
    /// an answer the cache file is used, or nothing, and the poller goes on.
    /// </summary>
    public void LoadFirst(DateTimeOffset now)
    {
        lock (_firstLoad)
        {
            if (_firstLoadDone)
                return;
            _firstLoadDone = true;
            using var limit = new CancellationTokenSource(Options.FirstLoadTimeout);
            var error = FindFirst(limit.Token);
            foreach (var server in _servers.Current)
            {
                try
                {
                    using var request = Request(server);
                    using var response = _http.Send(request, HttpCompletionOption.ResponseContentRead, limit.Token);
                    Apply(Read(server.Url, response.StatusCode, Body(response, limit.Token), now), response);
                    if (_refusal is not null && Options.FailFast)
                        throw new ConfigServerUnavailableException(_refusal);
                    return;
                }
                catch (Exception e) when (IsExpected(e))
                {
                    error = Explain(server.Url, e, Options.FirstLoadTimeout);
                }
            }
            if (Options.FailFast)
                throw new ConfigServerUnavailableException(error);
            UseCacheFile(error);
        }
    }

    /// <summary>Asks the registries for the servers, where there are registries; what went wrong, or null.</summary>
    private string? FindFirst(CancellationToken limit)
    {
        string? error = null;
        foreach (var request in _servers.Questions())
        {
            using (request)
            {
                try
                {
                    using var response = _http.Send(request, HttpCompletionOption.ResponseContentRead, limit);
                    _servers.Take(request.RequestUri!, response.StatusCode, Body(response, limit));
                    return null;
                }
                catch (Exception e) when (IsExpected(e))
                {
                    error = Explain(request.RequestUri!, e, Options.FirstLoadTimeout);
                }
            }
        }
        return error;
    }

    private async Task<string?> FindAsync(TimeProvider time, CancellationToken stopping)
    {
        string? error = null;
        foreach (var request in _servers.Questions())
        {
            using var limit = new CancellationTokenSource(Options.Timeout, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
            using (request)
            {
                try
                {
                    using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, both.Token);
                    _servers.Take(request.RequestUri!, response.StatusCode, await response.Content.ReadAsByteArrayAsync(both.Token));
                    return null;
                }
                catch (Exception e) when (IsExpected(e) && !stopping.IsCancellationRequested)
                {
                    error = Explain(request.RequestUri!, e, Options.Timeout);
                }
            }
        }
        return error;
    }

    /// <summary>Asks the servers once; the state tells how it went. Does not throw but for <paramref name="stopping"/>.</summary>
    public async Task<RefreshOutcome> RefreshAsync(TimeProvider time, CancellationToken stopping)
    {
        // A registry is asked again only when the servers that it named do not answer.
        var error = !State.Reachable ? await FindAsync(time, stopping) : null;
        var servers = _servers.Current;
        for (var i = 0; i < servers.Count; i++)
        {
            var index = (_preferredUrl + i) % servers.Count;
            var server = servers[index];
            var wait = _entityTag is not null && State.Reachable ? Options.LongPoll : TimeSpan.Zero;
            using var limit = new CancellationTokenSource(Options.Timeout + wait, time);
            using var both = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, stopping);
            try
            {
                using var request = Request(server);
                if (_entityTag is { } known)
                    request.Headers.TryAddWithoutValidation("If-None-Match", known);
                if (wait > TimeSpan.Zero)
                    request.Headers.TryAddWithoutValidation("Prefer", string.Create(CultureInfo.InvariantCulture, $"wait={Math.Ceiling(wait.TotalSeconds)}"));
                using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, both.Token);
                var body = await response.Content.ReadAsByteArrayAsync(both.Token);
                _preferredUrl = index;
                // What was not asked for shows nothing; a server without tags cannot be asked.
                if (wait > TimeSpan.Zero)
                    ServerHolds = response.Headers.Contains("Preference-Applied");
                else if (response.IsSuccessStatusCode && response.Headers.ETag is null)
                    ServerHolds = false;
                return response.StatusCode == HttpStatusCode.NotModified && _entityTag is not null
                    ? Confirmed()
                    : Apply(Read(server.Url, response.StatusCode, body, time.GetUtcNow()), response);
            }
            catch (Exception e) when (IsExpected(e) && !stopping.IsCancellationRequested)
            {
                error = Explain(server.Url, e, Options.Timeout + wait);
            }
        }
        State.Set(state => state with { Reachable = false, LastError = error });
        return RefreshOutcome.Failed;
    }

    /// <summary>The server has nothing newer than what was seen last, taken or refused.</summary>
    private RefreshOutcome Confirmed()
    {
        State.Set(state => state with { Reachable = true, LastError = _refusal });
        return _refusal is null ? RefreshOutcome.Unchanged : RefreshOutcome.Failed;
    }

    private RefreshOutcome Apply(SettingsSet settings, HttpResponseMessage response)
    {
        _entityTag = response.Headers.ETag?.ToString();
        _refusal = null;
        if (Options.Validate?.Invoke(settings.Values) is { Count: > 0 } errors)
        {
            var text = $"version {settings.Version} is refused: {string.Join(" ", errors.Take(20))}";
            _refusal = text;
            State.Set(state => state with { Reachable = true, LastError = text });
            return RefreshOutcome.Failed;
        }
        var changed = !settings.SameValuesAs(_current);
        string? cacheError = null;
        if (changed || settings.Version != _current.Version || State.FromCacheFile)
            cacheError = Keep(settings);
        _current = settings;
        State.Set(state => state with
        {
            Reachable = true,
            Version = settings.Version,
            LoadedAt = settings.ReceivedAt,
            LastError = cacheError,
            FromCacheFile = false,
        });
        if (!changed)
            return RefreshOutcome.Unchanged;
        Changed?.Invoke();
        return RefreshOutcome.Applied;
    }

    /// <summary>A cache file that cannot be written is told, but keeps nobody from using the settings.</summary>
    private string? Keep(SettingsSet settings)
    {
        try
        {
            _cacheFile?.Write(settings);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"the cache file {Options.CacheFile} cannot be written: {e.Message}";
        }
    }

    private void UseCacheFile(string? error)
    {
        try
        {
            if (_cacheFile?.Read() is { } cached)
            {
                if (Options.Validate?.Invoke(cached.Values) is { Count: > 0 } errors)
                {
                    error = $"{error}; the cache file's version {cached.Version} is refused: {string.Join(" ", errors.Take(20))}";
                }
                else
                {
                    _current = cached;
                    State.Set(state => state with { Version = cached.Version, LoadedAt = cached.ReceivedAt, FromCacheFile = true });
                }
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException)
        {
            error = $"{error}; the cache file {Options.CacheFile} cannot be read: {e.Message}";
        }
        State.Set(state => state with { Reachable = false, LastError = error });
    }

    private static byte[] Body(HttpResponseMessage response, CancellationToken limit)
    {
        using var body = new MemoryStream();
        response.Content.ReadAsStream(limit).CopyTo(body);
        return body.ToArray();
    }

    private HttpRequestMessage Request(ServerAddress server)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"{server.Url.AbsoluteUri.TrimEnd('/')}/{Path}");
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if ((server.Password is null ? (Options.UserName, Options.Password) : (server.UserName, server.Password)) is ({ } user, { } password))
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{user}:{password}")));
        else if (Options.Token is { } token)
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return request;
    }

    /// <summary>
    /// An unknown label is 404. It is an error here: to take it for "no settings" would drop all that are in force when somebody deletes a branch.
    /// </summary>
    private static SettingsSet Read(Uri url, HttpStatusCode status, byte[] body, DateTimeOffset now)
        => status == HttpStatusCode.OK
            ? EnvironmentAnswer.Read(body, now)
            : throw new FormatException(status == HttpStatusCode.NotFound
                ? $"{url.Authority} does not know the label or profile (404)"
                : $"{url.Authority} answered {(int)status}");

    private static bool IsExpected(Exception e) => e is HttpRequestException or OperationCanceledException or IOException or FormatException or ObjectDisposedException;

    private static string Explain(Uri url, Exception e, TimeSpan limit) => e switch
    {
        OperationCanceledException or ObjectDisposedException => $"{url.Authority} did not answer within {limit.TotalSeconds:0.###} s",
        FormatException => e.Message,
        _ => $"{url.Authority} cannot be reached: {e.Message}",
    };
}

internal enum RefreshOutcome
{
    /// <summary>The server confirmed what is in force.</summary>
    Unchanged,

    /// <summary>Other values are in force now.</summary>
    Applied,

    /// <summary>No answer, or one that was refused; what was in force stays.</summary>
    Failed,
}
