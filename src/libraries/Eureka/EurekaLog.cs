using Microsoft.Extensions.Logging;

namespace FirstCome.Eureka;

internal static partial class EurekaLog
{
    [LoggerMessage(1, LogLevel.Information, "Registered {App} {InstanceId} as {Status}")]
    public static partial void Registered(ILogger logger, string app, string instanceId, string status);

    [LoggerMessage(2, LogLevel.Information, "The registry does not know {App} {InstanceId}; it is registered again")]
    public static partial void LeaseUnknown(ILogger logger, string app, string instanceId);

    [LoggerMessage(3, LogLevel.Information, "Deregistered {App} {InstanceId}")]
    public static partial void Deregistered(ILogger logger, string app, string instanceId);

    [LoggerMessage(4, LogLevel.Warning, "Could not deregister {App} {InstanceId}; its lease will run out: {Reason}")]
    public static partial void DeregistrationFailed(ILogger logger, string app, string instanceId, string reason);

    [LoggerMessage(5, LogLevel.Warning, "No registry server answers; the last known instances stay in use: {Reason}")]
    public static partial void RegistryAway(ILogger logger, string reason);

    [LoggerMessage(6, LogLevel.Information, "The registry answers again")]
    public static partial void RegistryBack(ILogger logger);

    [LoggerMessage(7, LogLevel.Debug, "The registry's hash is not ours after a delta; fetching in full")]
    public static partial void HashMismatch(ILogger logger);

    [LoggerMessage(8, LogLevel.Information, "Starting with {Count} instances from the registry kept at {Path}")]
    public static partial void RestoredFromDisk(ILogger logger, int count, string path);

    [LoggerMessage(9, LogLevel.Warning, "The registry kept at {Path} cannot be read and is ignored: {Reason}")]
    public static partial void CacheUnreadable(ILogger logger, string path, string reason);

    [LoggerMessage(10, LogLevel.Warning, "The registry cannot be kept at {Path}: {Reason}")]
    public static partial void CacheUnwritable(ILogger logger, string path, string reason);

    [LoggerMessage(11, LogLevel.Error, "A listener to registry changes failed")]
    public static partial void ListenerFailed(ILogger logger, Exception exception);

    [LoggerMessage(12, LogLevel.Error, "An unexpected failure in the registry client; it goes on")]
    public static partial void Unexpected(ILogger logger, Exception exception);

    [LoggerMessage(13, LogLevel.Information, "Avoiding {App} {InstanceId} after a failed call")]
    public static partial void Quarantined(ILogger logger, string app, string instanceId);
}
