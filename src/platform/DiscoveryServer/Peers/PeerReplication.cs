using System.Diagnostics.Metrics;
using FirstCome.DiscoveryServer.Leases;
using FirstCome.DiscoveryServer.Registration;
using FirstCome.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace FirstCome.DiscoveryServer.Peers;

/// <summary>
/// The other servers of this registry. Before this one answers anybody it takes over what the first peer that answers holds; from then on it tells all
/// of them what it is told by clients, and never what it is told by peers. Evictions are each server's own.
/// </summary>
internal sealed class PeerReplication : IHostedLifecycleService, IDisposable
{
    private readonly LeaseRegistry _registry;
    private readonly DiscoveryOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Peer[] _peers;
    private readonly CancellationTokenSource _stopping = new();
    private Task _telling = Task.CompletedTask;

    public PeerReplication(
        LeaseRegistry registry, IOptions<DiscoveryOptions> options, IOptions<ServiceOptions> service, TimeProvider time, IMeterFactory meters,
        ILoggerFactory loggers)
    {
        (_registry, _options, _time) = (registry, options.Value, time);
        _logger = loggers.CreateLogger<PeerReplication>();
        // All servers may be given the same list.
        string?[] own = [Authority(service.Value.Url), Authority(service.Value.AdvertisedUrl)];
        var others = _options.PeerUrls().Where(url => !own.Contains(url.Authority));
        _peers = [.. others.Select(url => new Peer(url, registry, options, time, loggers.CreateLogger<Peer>()))];
        meters.Create(DiscoveryMetrics.MeterName).CreateObservableGauge("discovery.peers.pending", () => _peers.Sum(peer => peer.State.Pending));
    }

    public IEnumerable<PeerState> Peers => _peers.Select(peer => peer.State);

    public void Registered((string App, string Id) key) => Tell(key, new(PendingChanges.Register));

    public void Renewed((string App, string Id) key) => Tell(key, new(PendingChanges.Heartbeat));

    public void StatusChanged((string App, string Id) key) => Tell(key, new(PendingChanges.Status));

    public void Cancelled((string App, string Id) key, long? lastDirtyTimestamp) => Tell(key, new(PendingChanges.Cancel, lastDirtyTimestamp));

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(_options.PeerLoadTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        foreach (var peer in _peers)
        {
            if (await TryLoadAsync(peer, either.Token)) return;
            cancellationToken.ThrowIfCancellationRequested();
        }

        if (_peers.Length > 0) DiscoveryLog.NoPeerToLoadFrom(_logger);
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _telling = Task.WhenAll(_peers.Select(peer => Task.Run(() => peer.RunAsync(_stopping.Token), CancellationToken.None)));
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        await _stopping.CancelAsync();
        await _telling.WaitAsync(cancellationToken);
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        foreach (var peer in _peers) peer.Dispose();
        _stopping.Dispose();
    }

    private async Task<bool> TryLoadAsync(Peer peer, CancellationToken cancellation)
    {
        using var timeout = new CancellationTokenSource(_options.PeerCallTimeout, _time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, timeout.Token);
        try
        {
            var held = await peer.FetchAsync(either.Token);
            var now = _time.GetUtcNow().ToUnixTimeMilliseconds();
            foreach (var instance in held.Instances.Where(instance => instance.App is { } app && RegisterInstance.Complaint(instance, app) is null))
                _registry.Register(instance with { App = instance.App!.ToUpperInvariant() }, now, replicated: true);
            DiscoveryLog.LoadedFromPeer(_logger, held.Instances.Count, peer.Url);
            return true;
        }
        catch (Exception failure) when (Peer.IsNoAnswer(failure))
        {
            DiscoveryLog.PeerGivesNothing(_logger, peer.Url, failure.Message);
            return false;
        }
    }

    private void Tell((string App, string Id) key, Pending change)
    {
        foreach (var peer in _peers) peer.Tell(key, change);
    }

    private static string? Authority(string? url) => Uri.TryCreate(url, UriKind.Absolute, out var uri) ? uri.Authority : null;
}

/// <summary>Tells <c>/health</c> of peers that do not take what they are told.</summary>
internal sealed class PeerSignal(PeerReplication replication) : IHealthSignal
{
    public string Name => "peers";

    public HealthState Current
    {
        get
        {
            var away = replication.Peers.Where(peer => peer.Error is not null).Select(peer => $"{peer.Url.Authority}: {peer.Error}").ToList();
            return away.Count == 0 ? HealthState.Ok : new(Severity.Degraded, $"peers do not answer, {string.Join("; ", away)}");
        }
    }
}
