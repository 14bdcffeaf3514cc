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

    [LoggerMessage(9, LogLevel.Information, "Took over {Count} instances from the peer {Peer}")]
    public static partial void LoadedFromPeer(ILogger logger, int count, Uri peer);

    [LoggerMessage(10, LogLevel.Warning, "The peer {Peer} gives no registry to start with: {Reason}")]
    public static partial void PeerGivesNothing(ILogger logger, Uri peer, string reason);

    [LoggerMessage(11, LogLevel.Warning, "No peer gave a registry to start with: starting with an empty one")]
    public static partial void NoPeerToLoadFrom(ILogger logger);

    [LoggerMessage(12, LogLevel.Warning, "The peer {Peer} does not answer; what it has to be told is kept: {Reason}")]
    public static partial void PeerAway(ILogger logger, Uri peer, string reason);

    [LoggerMessage(13, LogLevel.Information, "The peer {Peer} answers again; {Pending} instances are still to be told")]
    public static partial void PeerBack(ILogger logger, Uri peer, int pending);

    [LoggerMessage(14, LogLevel.Error, "The peer {Peer} refuses a batch of {Items} with status {Status}; it is given up")]
    public static partial void PeerRefused(ILogger logger, Uri peer, int status, int items);

    [LoggerMessage(15, LogLevel.Information, "The peer {Peer} has a newer {App} {Id}; it is taken over")]
    public static partial void NewerAtPeer(ILogger logger, string app, string id, Uri peer);
}
