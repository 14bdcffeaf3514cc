using Microsoft.Extensions.Logging;

namespace FirstCome.ServiceDefaults;

internal static partial class ServiceDefaultsLog
{
    // The path is logged without its query: nothing secret stands in a path.
    [LoggerMessage(1001, LogLevel.Error, "Request failed: {Method} {Path}")]
    public static partial void RequestFailed(ILogger logger, Exception exception, string method, string path);

    [LoggerMessage(1002, LogLevel.Warning, "Request refused as unavailable: {Path}: {Kind}: {Reason} ({Untold} more since the last such line)")]
    public static partial void RequestUnavailable(ILogger logger, string path, string kind, string reason, long untold);
}
