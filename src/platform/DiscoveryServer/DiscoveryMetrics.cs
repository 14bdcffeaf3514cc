using System.Diagnostics.Metrics;
using FirstCome.DiscoveryServer.Leases;

namespace FirstCome.DiscoveryServer;

/// <summary>Meter <c>FirstCome.DiscoveryServer</c>.</summary>
internal sealed class DiscoveryMetrics
{
    public const string MeterName = "FirstCome.DiscoveryServer";

    private readonly Counter<long> _registrations;
    private readonly Counter<long> _heartbeats;
    private readonly Counter<long> _cancellations;
    private readonly Counter<long> _evictions;

    public DiscoveryMetrics(IMeterFactory meters, LeaseRegistry registry, TimeProvider time)
    {
        var meter = meters.Create(MeterName);
        _registrations = meter.CreateCounter<long>("discovery.registrations");
        _heartbeats = meter.CreateCounter<long>("discovery.heartbeats");
        _cancellations = meter.CreateCounter<long>("discovery.cancellations");
        _evictions = meter.CreateCounter<long>("discovery.evictions");
        meter.CreateObservableGauge("discovery.heartbeats.expected_per_minute", () => Preservation().ExpectedPerMinute);
        meter.CreateObservableGauge("discovery.heartbeats.last_minute", () => Preservation().ReceivedLastMinute);
        meter.CreateObservableGauge("discovery.self_preservation", () => Preservation().KeepsExpired ? 1 : 0);
        meter.CreateObservableGauge("discovery.instances", () => registry.Snapshot().Instances.Length);

        Preservation Preservation() => registry.Preservation(time.GetUtcNow().ToUnixTimeMilliseconds());
    }

    public void Registered() => _registrations.Add(1);

    public void Renewed() => _heartbeats.Add(1);

    public void Cancelled() => _cancellations.Add(1);

    public void Evicted(int count) => _evictions.Add(count);
}
