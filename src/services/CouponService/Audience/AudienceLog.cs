namespace FirstCome.CouponService.Audience;

internal static partial class AudienceLog
{
    [LoggerMessage(EventId = 3005, Level = LogLevel.Information, Message = "Campaign {Campaign} has a list of {Members} members, version {ListVersion}.")]
    public static partial void AudienceReplaced(ILogger logger, Guid campaign, int members, int listVersion);

    [LoggerMessage(EventId = 3006, Level = LogLevel.Information, Message = "The upload of a list for campaign {Campaign} was refused: {Rejected} lines are wrong.")]
    public static partial void AudienceRejected(ILogger logger, Guid campaign, int rejected);

    [LoggerMessage(EventId = 3007, Level = LogLevel.Information, Message = "{Count} lists of members that nobody uses were removed.")]
    public static partial void UnusedListsRemoved(ILogger logger, int count);
}
