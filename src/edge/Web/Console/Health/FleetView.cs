using FirstCome.ServiceDefaults;

namespace FirstCome.Web.Console.Health;

/// <summary><c>GET /api/operations/services</c>, as far as the console shows it.</summary>
internal sealed record FleetView(DateTimeOffset AsOf, bool RegistryReachable, ConfigurationView Configuration, IReadOnlyList<EngineView> Engines, IReadOnlyList<ServiceView> Services);

internal sealed record ConfigurationView(bool Agreed, string? Commit = null);

internal sealed record EngineView(string Name, Severity Status, string Detail, IReadOnlyList<string> UsedBy);

internal sealed record ServiceView(string Name, IReadOnlyList<InstanceView> Instances);

internal enum InstanceStatus { Ok, Degraded, Failed, Unreachable }

internal sealed record InstanceView(string Id, Uri Url, InstanceStatus Status, IReadOnlyList<HealthCheckReport> Checks, double AnsweredInMs, string? Commit = null);
