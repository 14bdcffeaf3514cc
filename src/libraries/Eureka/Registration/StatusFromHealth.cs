using FirstCome.Eureka.Wire;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace FirstCome.Eureka.Registration;

/// <summary>Takes what the host's health checks last said for the instance's status: DOWN where one of them is unhealthy. UP before the first report.</summary>
internal sealed class StatusFromHealth : IHealthCheckPublisher
{
    private volatile bool _isUnhealthy;

    public InstanceStatus Current => _isUnhealthy ? InstanceStatus.Down : InstanceStatus.Up;

    public Task PublishAsync(HealthReport report, CancellationToken cancellationToken)
    {
        _isUnhealthy = report.Status == HealthStatus.Unhealthy;
        return Task.CompletedTask;
    }
}
