using System.Net;
using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FirstCome.Eureka.Registration;

/// <summary>
/// Keeps this process in the registry: STARTING until it has started, then what its status says; a heartbeat each interval; registered again
/// where the registry has lost it (404) or the status has changed; taken out at a graceful stop.
/// </summary>
internal sealed class InstanceRegistration(
    IOptions<EurekaClientOptions> options, EurekaServers servers, EurekaRegistry registry, OwnAddress address, TimeProvider time,
    ILogger<InstanceRegistration> logger)
{
    // A stop must not wait longer for a registry that does not answer; the lease runs out by itself.
    private static readonly TimeSpan LongestDeregistration = TimeSpan.FromSeconds(1.2);

    private readonly EurekaClientOptions _options = options.Value;
    private readonly RetryDelay _delay = new(options.Value.RenewalInterval);
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private InstanceInfo? _instance;
    private bool _registered;

    // A registration whose answer was lost may stand in the registry all the same.
    private bool _mayStand;

    /// <summary>Says that the process serves its callers.</summary>
    public void Started() => _started.TrySetResult();

    /// <param name="stopping">Ends the loop between two calls.</param>
    /// <param name="aborting">Ends the call under way, too.</param>
    public async Task RunAsync(CancellationToken stopping, CancellationToken aborting)
    {
        while (!stopping.IsCancellationRequested)
        {
            // As it was before the step: a process that starts during the step is told to the registry at once.
            var toldStarted = _started.Task.IsCompleted;
            var delay = await TryStepAsync(aborting);
            var wait = toldStarted ? Task.Delay(delay, time, stopping) : _started.Task.WaitAsync(delay, time, stopping);
            await wait.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>Takes the instance out, once the loop has ended.</summary>
    public async Task DeregisterAsync(CancellationToken cancellation)
    {
        if (!_mayStand || _instance is not { InstanceId: { } id }) return;
        registry.Registered(_registered = false);
        using var limit = new CancellationTokenSource(LongestDeregistration, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellation, limit.Token);
        try
        {
            var answer = await servers.SendAsync(HttpMethod.Delete, Path(id), null, either.Token);
            if (answer.IsSuccess || answer.Status == HttpStatusCode.NotFound) EurekaLog.Deregistered(logger, _options.App, id);
            else EurekaLog.DeregistrationFailed(logger, _options.App, id, $"status {(int)answer.Status}");
        }
        catch (Exception failure) when (failure is RegistryUnreachableException or OperationCanceledException)
        {
            EurekaLog.DeregistrationFailed(logger, _options.App, id, failure.Message);
        }
    }

    private async Task<TimeSpan> TryStepAsync(CancellationToken aborting)
    {
        try
        {
            return await StepAsync(aborting) ? _delay.AfterSuccess() : _delay.AfterFailure();
        }
        catch (OperationCanceledException) when (aborting.IsCancellationRequested)
        {
            return TimeSpan.Zero;
        }
        catch (RegistryUnreachableException failure)
        {
            if (registry.State.LastError is null) EurekaLog.RegistryAway(logger, failure.Message);
            registry.Failed(failure.Message);
        }
        catch (Exception failure)
        {
            EurekaLog.Unexpected(logger, failure);
            registry.Failed(failure.Message);
        }

        return _delay.AfterFailure();
    }

    /// <summary>True where the registry now holds the instance as it is.</summary>
    private async Task<bool> StepAsync(CancellationToken aborting)
    {
        var started = _started.Task.IsCompleted;
        if (_instance is null && address.Find(started) is { } found) _instance = Describe(found);
        // The port is not known before the server has started.
        if (_instance is null) return false;

        var status = started ? _options.Status?.Invoke() ?? InstanceStatus.Up : InstanceStatus.Starting;
        if (_instance.Status != status)
        {
            _instance = _instance with { Status = status, LastDirtyTimestamp = NextDirtyTimestamp(_instance) };
            _registered = false;
        }

        if (_registered && await RenewAsync(_instance, aborting)) return true;
        return await RegisterAsync(_instance, aborting);
    }

    private async Task<bool> RenewAsync(InstanceInfo instance, CancellationToken aborting)
    {
        var query = $"?status={WireNames.Of(instance.Status)}&lastDirtyTimestamp={instance.LastDirtyTimestamp}";
        var answer = await servers.SendAsync(HttpMethod.Put, Path(instance.InstanceId!) + query, null, aborting);
        if (answer.IsSuccess)
        {
            registry.Answered(fetched: false);
            return true;
        }

        EurekaLog.LeaseUnknown(logger, _options.App, instance.InstanceId!);
        registry.Registered(_registered = false);
        return false;
    }

    private async Task<bool> RegisterAsync(InstanceInfo instance, CancellationToken aborting)
    {
        _mayStand = true;
        var answer = await servers.SendAsync(HttpMethod.Post, $"apps/{Uri.EscapeDataString(instance.App!)}", EurekaJsonWriter.Instance(instance), aborting);
        registry.Registered(_registered = answer.IsSuccess);
        if (!answer.IsSuccess) throw new RegistryUnreachableException($"the registry refuses the registration with status {(int)answer.Status}");
        registry.Answered(fetched: false);
        EurekaLog.Registered(logger, _options.App, instance.InstanceId!, WireNames.Of(instance.Status));
        return true;
    }

    private string Path(string id) => $"apps/{Uri.EscapeDataString(_options.App.ToUpperInvariant())}/{Uri.EscapeDataString(id)}";

    private long NextDirtyTimestamp(InstanceInfo? before) =>
        Math.Max(time.GetUtcNow().ToUnixTimeMilliseconds(), (before?.LastDirtyTimestamp ?? 0) + 1);

    private InstanceInfo Describe((string Host, string Ip, int Port, bool Secure) own)
    {
        var (host, ip, port, secure) = own;
        var app = _options.App.ToLowerInvariant();
        var home = new UriBuilder(secure ? Uri.UriSchemeHttps : Uri.UriSchemeHttp, secure ? host : ip, port).Uri;
        var health = new Uri(home, "health").ToString();
        return new InstanceInfo
        {
            InstanceId = _options.InstanceId ?? $"{host}:{app}:{port}",
            HostName = host,
            App = app.ToUpperInvariant(),
            IpAddress = ip,
            Status = InstanceStatus.Starting,
            Port = secure ? new(80, false) : new(port, true),
            SecurePort = secure ? new(port, true) : new(443, false),
            DataCenter = DataCenterInfo.MyOwn,
            Lease = new LeaseInfo
            {
                RenewalIntervalInSeconds = (int)Math.Ceiling(_options.RenewalInterval.TotalSeconds),
                DurationInSeconds = (int)Math.Ceiling(_options.LeaseDuration.TotalSeconds),
            },
            Metadata = InstanceInfo.NoMetadata.AddRange(_options.Metadata),
            HomePageUrl = home.ToString(),
            StatusPageUrl = health,
            HealthCheckUrl = secure ? null : health,
            SecureHealthCheckUrl = secure ? health : null,
            VipAddress = app,
            SecureVipAddress = app,
            LastDirtyTimestamp = NextDirtyTimestamp(null),
        };
    }
}
