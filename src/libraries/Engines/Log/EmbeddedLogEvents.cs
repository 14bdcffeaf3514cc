using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Log;

internal static partial class EmbeddedLogEvents
{
    [LoggerMessage(1, LogLevel.Error, "The log's transaction of {Calls} calls failed")]
    public static partial void TransactionFailed(ILogger logger, int calls, Exception exception);

    [LoggerMessage(2, LogLevel.Warning, "The log's file could not be closed cleanly")]
    public static partial void CloseFailed(ILogger logger, Exception exception);

    [LoggerMessage(3, LogLevel.Warning, "Expired records could not be deleted; the next sweep tries again")]
    public static partial void SweepFailed(ILogger logger, Exception exception);
}
