namespace FirstCome.AllInOne.Hosting;

internal static partial class SystemLog
{
    [LoggerMessage(1, LogLevel.Warning, "{Service} did not stop cleanly")]
    public static partial void StopFailed(ILogger logger, string service, Exception exception);
}
