namespace FirstCome.DiscoveryServer;

internal static partial class DiscoveryLog
{
    [LoggerMessage(1, LogLevel.Information, "Registered {App} {Id} as {Status}")]
    public static partial void Registered(ILogger logger, string app, string id, string status);

    [LoggerMessage(2, LogLevel.Information, "Cancelled {App} {Id}")]
    public static partial void Cancelled(ILogger logger, string app, string id);

    [LoggerMessage(3, LogLevel.Warning, "Evicted {Evicted} of {Expired} instances whose leases have run out")]
    public static partial void Evicted(ILogger logger, int evicted, int expired);

    [LoggerMessage(4, LogLevel.Warning,
        "Self-preservation: {Expired} leases have run out and are kept, as {Received} heartbeats came in the last minute of {Expected} expected")]
    public static partial void Preserving(ILogger logger, int expired, int received, double expected);

    [LoggerMessage(5, LogLevel.Information, "Self-preservation has ended")]
    public static partial void PreservingEnded(ILogger logger);

    [LoggerMessage(6, LogLevel.Warning, "A registration was refused: the registry is full with {MaxInstances} instances")]
    public static partial void Full(ILogger logger, int maxInstances);

    [LoggerMessage(7, LogLevel.Information, "Status of {App} {Id} overridden: {Status}")]
    public static partial void Overridden(ILogger logger, string app, string id, string status);

    [LoggerMessage(8, LogLevel.Information, "Status override of {App} {Id} removed: {Status}")]
    public static partial void OverrideRemoved(ILogger logger, string app, string id, string status);
}
