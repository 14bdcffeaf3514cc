namespace FirstCome.UserService.Standing;

internal static partial class StandingLog
{
    [LoggerMessage(2201, LogLevel.Warning, "Changes of members cannot be published; they are kept and tried again")]
    public static partial void NotPublished(ILogger logger, Exception exception);

    [LoggerMessage(2202, LogLevel.Information, "Changes of members are published again")]
    public static partial void PublishingAgain(ILogger logger);
}
