using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using Microsoft.Extensions.Options;

namespace FirstCome.Eureka;

/// <summary>Calls the registry servers: the one that answered last, and the others in their order when it does not.</summary>
internal sealed class EurekaServers : IDisposable
{
    // A registry of 10,000 instances takes about ten megabytes.
    private const int LongestAnswerBytes = 64 * 1024 * 1024;

    private readonly Uri[] _servers;
    private readonly TimeSpan _callTimeout;
    private readonly TimeProvider _time;
    private readonly HttpClient _http;
    private volatile int _current;

    public EurekaServers(IOptions<EurekaClientOptions> options, TimeProvider time)
    {
        _servers = [.. options.Value.ServerUrls.Select(url => new Uri(url.TrimEnd('/') + "/"))];
        _callTimeout = options.Value.CallTimeout;
        _time = time;
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = DecompressionMethods.GZip,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = options.Value.CallTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        _http = new HttpClient(handler) { MaxResponseContentBufferSize = LongestAnswerBytes, Timeout = Timeout.InfiniteTimeSpan };
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
    }

    /// <summary>Which server is asked first; a change of it means that its deltas do not continue what is known.</summary>
    public int Current => _current;

    /// <summary>The answer, whole, of the first server that gives one below 500.</summary>
    /// <exception cref="RegistryUnreachableException">No server does.</exception>
    public async Task<Answer> SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancellation)
    {
        string? reason = null;
        var first = _current;
        for (var attempt = 0; attempt < _servers.Length; attempt++)
        {
            var index = (first + attempt) % _servers.Length;
            var (answer, failure) = await TryAsync(_servers[index], method, path, body, cancellation);
            if (answer is { } given)
            {
                _current = index;
                return given;
            }

            reason = $"{_servers[index].Authority}: {failure}";
        }

        throw new RegistryUnreachableException(reason ?? "no server is configured");
    }

    public void Dispose() => _http.Dispose();

    private async Task<(Answer? Answer, string? Failure)> TryAsync(Uri server, HttpMethod method, string path, byte[]? body, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(_callTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        using var request = new HttpRequestMessage(method, new Uri(server, path));
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("application/json") } };
        try
        {
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseContentRead, either.Token);
            return (int)response.StatusCode < 500
                ? (new Answer(response.StatusCode, await response.Content.ReadAsByteArrayAsync(either.Token)), null)
                : (null, $"status {(int)response.StatusCode}");
        }
        // A connection that is reset as it is made comes as a bare SocketException.
        catch (Exception failure) when (failure is HttpRequestException or SocketException or IOException)
        {
            return (null, failure.Message);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return (null, $"no answer within {_callTimeout}");
        }
    }

    internal readonly record struct Answer(HttpStatusCode Status, byte[] Body)
    {
        public bool IsSuccess => (int)Status is >= 200 and < 300;
    }
}

/// <summary>None of the registry servers gave an answer that can be used.</summary>
internal sealed class RegistryUnreachableException : Exception
{
    public RegistryUnreachableException()
    {
    }

    public RegistryUnreachableException(string message)
        : base(message)
    {
    }

    public RegistryUnreachableException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
