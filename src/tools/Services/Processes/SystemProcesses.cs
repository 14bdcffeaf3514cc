using System.Globalization;
using System.Net;
using System.Text.Json;
using FirstCome.AllInOne;
using FirstCome.AllInOne.Data;
using FirstCome.AllInOne.Hosting;
using FirstCome.AllInOne.Start;
using FirstCome.Services.Engines;
using FirstCome.Services.Start;

namespace FirstCome.Services.Processes;

/// <summary>Every process of the system: engines and instances of services. <c>addresses.json</c> and <c>processes.json</c> in the data folder tell of them.</summary>
internal sealed class SystemProcesses : IAsyncDisposable
{
    private static readonly TimeSpan s_stopMax = TimeSpan.FromSeconds(15);
    private static readonly JsonSerializerOptions s_json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    private readonly ServicesOptions _options;
    private readonly DataFolder _data;
    private readonly ProcessLog _log;
    private readonly IReadOnlyList<ServicePlace> _places;
    private readonly Dictionary<ServicePlace, RunningProcess> _services = [];
    private readonly List<RunningProcess> _engines = [];
    private readonly Lock _writing = new();

    public SystemProcesses(ServicesOptions options, DataFolder data, ProcessLog log)
    {
        (_options, _data, _log) = (options, data, log);
        _places = [.. Places(options)];
        if (options.Advertise.Keys.Concat(options.Environment.Select(instance => instance.Key)).FirstOrDefault(name => _places.All(place => place.Instance != name)) is { } unknown)
        {
            throw new StartRefusedException($"There is no instance \"{unknown}\"; there are {string.Join(", ", _places.Select(place => place.Instance))}.");
        }
    }

    /// <summary>Where each instance can be reached on this machine.</summary>
    public IReadOnlyList<ServiceAddress> Addresses => [.. _services.Select(service => new ServiceAddress(service.Key.Service.Name, new Uri(service.Key.Reachable), service.Value.Pid))];

    /// <summary>Whether any process ended without being asked to.</summary>
    public bool LostAny => _engines.Concat(_services.Values).Any(process => process.WasLost);

    /// <summary>Starts a process that the services need; it is stopped after them.</summary>
    public RunningProcess StartEngine(ProcessPlan plan)
    {
        var process = new RunningProcess(plan, _options.Restart, _log, WriteFiles);
        _engines.Add(process);
        process.Start();
        WriteFiles();
        return process;
    }

    /// <summary>Starts every instance at once: none needs another to be there first.</summary>
    public void StartServices(EngineSettings engines)
    {
        var (discovery, config) = (_places.First(place => place.Service == ServiceCatalog.DiscoveryServer), _places.First(place => place.Service == ServiceCatalog.ConfigServer));
        foreach (var place in _places)
        {
            var environment = new Dictionary<string, string>(engines.Of(place.Service)) { ["Service__Key"] = _data.ServiceKey };
            foreach (var (name, value) in _options.Environment[place.Instance]) { environment[name] = value; }
            var plan = new ProcessPlan(place.Instance, "dotnet", [Assembly(place.Service), .. place.Arguments(_data, discovery, config)], environment);
            _services[place] = new RunningProcess(plan, _options.Restart, _log, WriteFiles);
        }
        foreach (var service in _services.Values) { service.Start(); }
        WriteFiles();
    }

    /// <summary>Stops the entry first, then those behind it, then those they register at, and the engines last.</summary>
    public async Task StopAsync()
    {
        await StopAsync([ServiceCatalog.Gateway]);
        await StopAsync([ServiceCatalog.Web, ServiceCatalog.CacheService, ServiceCatalog.UserService, ServiceCatalog.IssueService]);
        await StopAsync([ServiceCatalog.IssueWorker, ServiceCatalog.CouponService]);
        await StopAsync([ServiceCatalog.ConfigServer, ServiceCatalog.DiscoveryServer]);
        await Task.WhenAll(_engines.Select(engine => engine.StopAsync(s_stopMax)));
        File.Delete(_data.Full("addresses.json"));
        File.Delete(_data.Full("processes.json"));
    }

    /// <summary>Ends all of it at once.</summary>
    public void Kill()
    {
        foreach (var process in _services.Values.Concat(_engines)) { process.Kill(); }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _services.Values.Concat(_engines)) { await process.DisposeAsync(); }
    }

    private static IEnumerable<ServicePlace> Places(ServicesOptions options)
    {
        foreach (var service in ServiceCatalog.All) { yield return Advertised(ServicePlace.First(service, options.Common.Bind, options.Common.Port)); }
        var port = options.Common.Port + ServiceCatalog.Count;
        foreach (var service in ServiceCatalog.All)
        {
            for (var number = 2; number <= options.Scale.GetValueOrDefault(service.Name, 1); number++)
            {
                if (port > IPEndPoint.MaxPort) { throw new StartRefusedException("--port leaves no room for that many instances; choose a smaller one."); }
                yield return Advertised(new ServicePlace(service, string.Create(CultureInfo.InvariantCulture, $"{service.Name}-{number}"), options.Common.Bind, port++));
            }
        }

        ServicePlace Advertised(ServicePlace place) => place with { AdvertisedUrl = options.Advertise.GetValueOrDefault(place.Instance) };
    }

    private Task StopAsync(IReadOnlyList<ServiceEntry> services) =>
        Task.WhenAll(_services.Where(service => services.Contains(service.Key.Service)).Select(service => service.Value.StopAsync(s_stopMax)));

    // Processes end and come again on threads of their own.
    private void WriteFiles()
    {
        lock (_writing)
        {
            _data.WritePrivately("addresses.json", JsonSerializer.Serialize(Addresses, s_json) + "\n");
            var processes = _engines.Concat(_services.Values).Select(process => new { name = process.Name, pid = process.Pid, running = !process.HasExited });
            _data.WritePrivately("processes.json", JsonSerializer.Serialize(processes, s_json) + "\n");
        }
    }

    // artifacts/bin/Services/release → artifacts/bin/<project>/release: each service runs as it is deployed, from its own folder.
    private static string Assembly(ServiceEntry service)
    {
        var configuration = Path.GetFileName(Path.TrimEndingDirectorySeparator(AppContext.BaseDirectory));
        var assembly = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, "..", "..", service.Project, configuration, $"FirstCome.{service.Project}.dll"));
        return File.Exists(assembly) ? assembly : throw new StartRefusedException($"{assembly} is missing: start with ./run services, which builds it.");
    }
}
