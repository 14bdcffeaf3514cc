using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text.Json;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Registration;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Options;

namespace FirstCome.DiscoveryServer.Peers;

/// <summary>How a peer is doing, for operators.</summary>
/// <param name="Url">Its base address.</param>
/// <param name="Pending">Instances of which it has not been told yet.</param>
/// <param name="AnsweredAt">When it last took a batch; null before the first.</param>
/// <param name="Error">Why the last call failed; null where it did not.</param>
internal sealed record PeerState(Uri Url, int Pending, DateTimeOffset? AnsweredAt, string? Error);

/// <summary>Tells one peer what happens here, in batches: while one is under way the next gathers. What fails is tried again with growing pauses.</summary>
internal sealed class Peer : IDisposable
{
    // The Java server's own.
    private const int MostItemsInBatch = 250;

    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.25);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(10);

    private readonly LeaseRegistry _registry;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly TimeSpan _callTimeout;
    private readonly PeerQueue _queue;
    private readonly HttpClient _http;
    private volatile LastCall _last = new(null, null);
    private int _failures;

    public Peer(Uri url, LeaseRegistry registry, IOptions<DiscoveryOptions> options, TimeProvider time, ILogger<Peer> logger)
    {
        Url = url;
        (_registry, _time, _logger) = (registry, time, logger);
        _callTimeout = options.Value.PeerCallTimeout;
        _queue = new(2 * options.Value.MaxInstances);
        var handler = new SocketsHttpHandler
        {
            AutomaticDecompression = System.Net.DecompressionMethods.GZip,
            AllowAutoRedirect = false,
            UseProxy = false,
            UseCookies = false,
            ConnectTimeout = _callTimeout,
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        _http = new HttpClient(handler) { BaseAddress = url, Timeout = Timeout.InfiniteTimeSpan, MaxResponseContentBufferSize = 256 * 1024 * 1024 };
        _http.DefaultRequestHeaders.Accept.Add(new MediaTypeWithQualityHeaderValue(AnswerForm.Json));
        _http.DefaultRequestHeaders.Add("x-netflix-discovery-replication", "true");
    }

    public Uri Url { get; }

    public PeerState State => new(Url, _queue.Count, _last.AnsweredAt, _last.Error);

    public void Tell((string App, string Id) key, Pending change) => _queue.Add(key, change);

    public async Task RunAsync(CancellationToken stopping)
    {
        while (true)
        {
            await _queue.WaitAsync(stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stopping.IsCancellationRequested) return;
            if (!await TryTellAsync(stopping)) await Task.Delay(Pause(), _time, stopping).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>All that the peer holds.</summary>
    /// <remarks>Throws what <see cref="IsNoAnswer"/> knows.</remarks>
    public async Task<Applications> FetchAsync(CancellationToken cancellation) =>
        EurekaJsonReader.Applications(await _http.GetByteArrayAsync(new Uri("apps/", UriKind.Relative), cancellation));

    /// <summary>
    /// Whether a call has failed, and not this server. A connection that is reset as it is made comes as a bare <see cref="SocketException"/>.
    /// </summary>
    public static bool IsNoAnswer(Exception failure) =>
        failure is HttpRequestException or SocketException or IOException or JsonException or OperationCanceledException;

    public void Dispose()
    {
        _http.Dispose();
        _queue.Dispose();
    }

    private async Task<bool> TryTellAsync(CancellationToken stopping)
    {
        var taken = _queue.Take(MostItemsInBatch);
        // What is told is what stands now: an instance that has gone since is told of by its cancellation, or not at all.
        var items = taken.SelectMany(entry => Items(entry.Key, entry.Value)).ToList();
        if (items.Count == 0) return true;
        using var timeout = new CancellationTokenSource(_callTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(stopping, timeout.Token);
        try
        {
            var results = await SendAsync(items, either.Token);
            Answered();
            foreach (var (item, result) in items.Zip(results)) Heed(item, result);
            return true;
        }
        catch (Exception failure) when (IsNoAnswer(failure))
        {
            _queue.Return(taken);
            if (!stopping.IsCancellationRequested) Failed(timeout.IsCancellationRequested ? $"no answer within {_callTimeout}" : failure.Message);
            return false;
        }
    }

    private async Task<IReadOnlyList<ReplicationResult>> SendAsync(List<ReplicationItem> items, CancellationToken cancellation)
    {
        using var content = new ByteArrayContent(ReplicationBody.Write(items)) { Headers = { ContentType = new MediaTypeHeaderValue(AnswerForm.Json) } };
        using var response = await _http.PostAsync(new Uri(ReplicationBody.Path, UriKind.Relative), content, cancellation);
        var status = (int)response.StatusCode;
        if (status is >= 400 and < 500 and not (StatusCodes.Status408RequestTimeout or StatusCodes.Status429TooManyRequests))
        {
            // Said again it would be refused again.
            DiscoveryLog.PeerRefused(_logger, Url, status, items.Count);
            return [];
        }

        response.EnsureSuccessStatusCode();
        return ReplicationBody.ReadResults(await response.Content.ReadAsByteArrayAsync(cancellation));
    }

    private IEnumerable<ReplicationItem> Items((string App, string Id) key, Pending pending)
    {
        if (pending.Changes.HasFlag(PendingChanges.Cancel))
            yield return new(ReplicationAction.Cancel, key.App, key.Id) { LastDirtyTimestamp = pending.CancelledDirtyTimestamp };
        if (pending.Changes == PendingChanges.Cancel || _registry.Find(key) is not { } instance) yield break;
        var isOverridden = instance.OverriddenStatus != InstanceStatus.Unknown;
        if (pending.Changes.HasFlag(PendingChanges.Status))
        {
            yield return new(isOverridden ? ReplicationAction.StatusUpdate : ReplicationAction.DeleteStatusOverride, key.App, key.Id)
            {
                LastDirtyTimestamp = instance.LastDirtyTimestamp,
                Status = isOverridden ? instance.OverriddenStatus : instance.Status,
            };
        }

        var isRegistration = pending.Changes.HasFlag(PendingChanges.Register);
        if (isRegistration || pending.Changes.HasFlag(PendingChanges.Heartbeat))
        {
            yield return new(isRegistration ? ReplicationAction.Register : ReplicationAction.Heartbeat, key.App, key.Id)
            {
                LastDirtyTimestamp = instance.LastDirtyTimestamp,
                Status = instance.Status,
                Instance = isRegistration ? instance : null,
            };
        }
    }

    private void Heed(ReplicationItem item, ReplicationResult result)
    {
        var key = (item.App, item.Id);
        if (item.Action != ReplicationAction.Heartbeat) return;
        if (result.Status == StatusCodes.Status404NotFound)
        {
            Tell(key, new(PendingChanges.Register));
        }
        else if (result is { Status: StatusCodes.Status409Conflict, Newer: { } newer }
            && RegisterInstance.Complaint(newer, item.App) is null && RegistrationLimits.IdOf(newer) == item.Id)
        {
            // The instance has spoken to the peer since it spoke to this server.
            _registry.Register(newer, _time.GetUtcNow().ToUnixTimeMilliseconds(), replicated: true);
            DiscoveryLog.NewerAtPeer(_logger, item.App, item.Id, Url);
        }
    }

    private void Answered()
    {
        if (_last.Error is not null) DiscoveryLog.PeerBack(_logger, Url, _queue.Count);
        _failures = 0;
        _last = new(_time.GetUtcNow(), null);
    }

    private void Failed(string reason)
    {
        if (_last.Error is null) DiscoveryLog.PeerAway(_logger, Url, reason);
        _failures++;
        _last = _last with { Error = reason };
    }

    // Half of it at random, so that peers that were cut off together do not come back together.
    private TimeSpan Pause()
    {
        var doubled = FirstPause * Math.Pow(2, Math.Min(_failures - 1, 10));
        return (doubled < LongestPause ? doubled : LongestPause) * (0.5 + (0.5 * Random.Shared.NextDouble()));
    }

    private sealed record LastCall(DateTimeOffset? AnsweredAt, string? Error);
}
