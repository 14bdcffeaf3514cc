using System.Text.Json.Serialization;
using Microsoft.Extensions.DependencyInjection;

namespace FirstCome.ServiceDefaults;

/// <summary>How well a part works.</summary>
public enum Severity
{
    /// <summary>All is well.</summary>
    [JsonStringEnumMemberName("ok")] Ok,
    /// <summary>Something is missing, but the service does its job.</summary>
    [JsonStringEnumMemberName("degraded")] Degraded,
    /// <summary>The service cannot do its job; <c>/health</c> is 503.</summary>
    [JsonStringEnumMemberName("failed")] Failed,
}

/// <summary>What a part says about itself.</summary>
/// <param name="Detail">One sentence for an operator; no secrets, no addresses with credentials.</param>
public sealed record HealthState(Severity Severity, string Detail)
{
    /// <summary>All is well.</summary>
    public static readonly HealthState Ok = new(Severity.Ok, "ok");
}

/// <summary>A part that <c>/health</c> asks. It answers at once with what it knows: no I/O, no waiting, no exception.</summary>
public interface IHealthSignal
{
    /// <summary>Short, lower-case: <c>database</c>, <c>log</c>, <c>registry</c>.</summary>
    string Name { get; }

    /// <summary>The state at this moment.</summary>
    HealthState Current { get; }
}

/// <summary>Registration of health signals.</summary>
public static class HealthSignals
{
    /// <summary>Adds a signal, made once. Where <typeparamref name="T"/> is a singleton of its own already, that one is asked.</summary>
    public static IServiceCollection AddHealthSignal<T>(this IServiceCollection services) where T : class, IHealthSignal
    {
        if (!services.Any(service => service.ServiceType == typeof(T))) { services.AddSingleton<T>(); }
        return services.AddSingleton<IHealthSignal>(provider => provider.GetRequiredService<T>());
    }
}
