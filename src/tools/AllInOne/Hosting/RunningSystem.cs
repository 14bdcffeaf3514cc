using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;
using FirstCome.AllInOne.Data;
using FirstCome.AllInOne.Engines;
using FirstCome.AllInOne.Start;

namespace FirstCome.AllInOne.Hosting;

/// <summary>An address of the running system, as <c>addresses.json</c> tells it.</summary>
internal sealed record ServiceAddress(string Service, Uri Url, int Pid);

/// <summary>All services of one process and their engines, from start to stop.</summary>
internal sealed class RunningSystem(StartOptions options, DataFolder data, ConsoleLevel console, ILoggerFactory loggers) : IAsyncDisposable
{
    private const string AddressesFile = "addresses.json";
    // Stopping leaves two seconds of the promised ten for the engines.
    private static readonly TimeSpan s_servicesStopMax = TimeSpan.FromSeconds(8);
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly ConcurrentDictionary<string, WebApplication> _running = new(StringComparer.Ordinal);
    private readonly ILogger _logger = loggers.CreateLogger<RunningSystem>();
    private EmbeddedEngines? _engines;

    /// <summary>Where each service can be reached on this machine.</summary>
    public IReadOnlyList<ServiceAddress> Addresses { get; } =
        [.. ServiceCatalog.All.Select(service => new ServiceAddress(service.Name, new Uri(Place(options, service).Reachable), Environment.ProcessId))];

    /// <summary>Starts everything; returns when every service listens. Whether the whole works is then told by the gateway's <c>/health</c>.</summary>
    /// <exception cref="StartRefusedException">A port is taken.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        foreach (var service in ServiceCatalog.All) { RefuseTakenPort(service); }
        data.WritePrivately(AddressesFile, JsonSerializer.Serialize(Addresses, s_json) + "\n");
        // Everybody asks these two first; they ask nobody.
        var engines = EmbeddedEngines.StartAsync(data, loggers, cancellationToken);
        await Task.WhenAll(
            StartServiceAsync(ServiceCatalog.DiscoveryServer, cancellationToken),
            StartServiceAsync(ServiceCatalog.ConfigServer, cancellationToken));
        _engines = await engines;
        var others = ServiceCatalog.All.Where(service => !_running.ContainsKey(service.Name));
        await Task.WhenAll(others.Select(service => StartServiceAsync(service, cancellationToken)));
    }

    /// <summary>Stops the entry first, then those behind it, then those they register at and the engines. Takes ten seconds at most.</summary>
    public async Task StopAsync()
    {
        using var limit = new CancellationTokenSource(s_servicesStopMax);
        await StopServicesAsync([ServiceCatalog.Gateway], limit.Token);
        await StopServicesAsync([ServiceCatalog.Web, ServiceCatalog.CacheService, ServiceCatalog.UserService, ServiceCatalog.IssueService], limit.Token);
        await StopServicesAsync([ServiceCatalog.IssueWorker, ServiceCatalog.CouponService], limit.Token);
        await StopServicesAsync([ServiceCatalog.ConfigServer, ServiceCatalog.DiscoveryServer], limit.Token);
        File.Delete(data.Full(AddressesFile));
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var service in _running.Values) { await service.DisposeAsync(); }
        if (_engines is not null) { await _engines.DisposeAsync(); }
    }

    private async Task StartServiceAsync(ServiceEntry service, CancellationToken cancellationToken)
    {
        // Building a host takes processor time, not waiting: each on a thread of its own.
        var host = await Task.Run(() => service.Create([.. Arguments(service)], builder => Register(builder, service)), cancellationToken);
        _running[service.Name] = host;
        try { await host.StartAsync(cancellationToken); }
        catch (IOException exception) when (exception.InnerException is Microsoft.AspNetCore.Connections.AddressInUseException) { throw Taken(service, exception); }
    }

    private void Register(WebApplicationBuilder builder, ServiceEntry service)
    {
        // Signals are this process's to answer, in its own order.
        builder.Services.AddSingleton<IHostLifetime, NoLifetime>();
        console.Apply(builder);
        _engines?.Register(builder.Services, service.Name);
    }

    private IEnumerable<string> Arguments(ServiceEntry service) =>
    [
        .. Place(options, service).Arguments(data, Place(options, ServiceCatalog.DiscoveryServer), Place(options, ServiceCatalog.ConfigServer)),
        $"--Service:Key={data.ServiceKey}",
        // Nine hosts need not watch the same files of the program's own folder.
        "--hostBuilder:reloadConfigOnChange=false",
        $"--contentRoot={AppContext.BaseDirectory}",
    ];

    private async Task StopServicesAsync(IReadOnlyList<ServiceEntry> services, CancellationToken limit) =>
        await Task.WhenAll(services.Where(service => _running.ContainsKey(service.Name)).Select(async service =>
        {
            try { await _running[service.Name].StopAsync(limit); }
            // One that cannot stop must not keep the others from it.
            catch (Exception exception) { SystemLog.StopFailed(_logger, service.Name, exception); }
        }));

    private void RefuseTakenPort(ServiceEntry service)
    {
        using var socket = new Socket(options.Bind.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try { socket.Bind(new IPEndPoint(options.Bind, options.Port + service.PortOffset)); }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AddressNotAvailable)
        {
            throw new StartRefusedException($"The address {options.Bind} is none of this machine's; choose another with --bind.", exception);
        }
        catch (SocketException exception) when (exception.SocketErrorCode == SocketError.AccessDenied)
        {
            throw new StartRefusedException($"Port {options.Port + service.PortOffset} may not be opened by this user; choose another with --port.", exception);
        }
        catch (SocketException exception) { throw Taken(service, exception); }
    }

    private StartRefusedException Taken(ServiceEntry service, Exception inner) =>
        new($"Port {options.Port + service.PortOffset}, which {service.Name} needs, is taken; end what uses it, or choose others with --port.", inner);

    private static ServicePlace Place(StartOptions options, ServiceEntry service) => ServicePlace.First(service, options.Bind, options.Port);

    private sealed class NoLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
