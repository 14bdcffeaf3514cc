namespace FirstCome.UserService.Rehearsals;

internal static partial class RehearsalsLog
{
    [LoggerMessage(2301, LogLevel.Warning, "A rehearsal's campaign could not be looked up")]
    public static partial void CampaignsAway(ILogger logger, Exception exception);
}
