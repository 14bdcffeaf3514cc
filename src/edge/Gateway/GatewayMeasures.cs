using System.Diagnostics.Metrics;

namespace FirstCome.Gateway;

internal sealed class GatewayMeasures(IMeterFactory meters)
{
    public const string MeterName = "FirstCome.Gateway";
    private readonly Counter<long> _failures = meters.Create(MeterName).CreateCounter<long>("firstcome.gateway.upstream_failures", description: "Requests that an instance did not answer, by service and kind");
    private readonly Counter<long> _retries = meters.Create(MeterName).CreateCounter<long>("firstcome.gateway.retries", description: "Requests sent again to another instance, by service");

    public void Failed(string service, string kind) => _failures.Add(1, new("service", service), new KeyValuePair<string, object?>("kind", kind));

    public void Retried(string service) => _retries.Add(1, new KeyValuePair<string, object?>("service", service));
}
