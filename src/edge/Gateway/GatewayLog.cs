using Yarp.ReverseProxy.Forwarder;

namespace FirstCome.Gateway;

internal static partial class GatewayLog
{
    [LoggerMessage(1201, LogLevel.Warning, "Upstream failed: {Service} {Instance}, route {Pattern}: {Error} {Reason}; {Unlogged} failures of it before this were not logged")]
    public static partial void UpstreamFailed(ILogger logger, string service, string instance, string pattern, ForwarderError error, string reason, long unlogged);

    [LoggerMessage(1202, LogLevel.Warning, "OpenAPI document of {Service} not merged: {Reason}")]
    public static partial void DocumentNotMerged(ILogger logger, string service, string reason);

    [LoggerMessage(1203, LogLevel.Information, "Every service is registered and healthy")]
    public static partial void Whole(ILogger logger);

    [LoggerMessage(1204, LogLevel.Warning, "Not whole any more: {Missing}")]
    public static partial void NotWhole(ILogger logger, string missing);
}
