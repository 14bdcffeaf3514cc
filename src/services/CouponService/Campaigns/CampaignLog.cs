namespace FirstCome.CouponService.Campaigns;

internal static partial class CampaignLog
{
    [LoggerMessage(EventId = 3000, Level = LogLevel.Information, Message = "Campaign {Campaign} version {Version} stands: {Action} by {Actor}.")]
    public static partial void ChangeApplied(ILogger logger, Guid campaign, int version, CampaignAction action, Guid actor);

    [LoggerMessage(EventId = 3001, Level = LogLevel.Information, Message = "Campaign {Campaign} version {Version} was refused by the gate: {Reason}")]
    public static partial void ChangeRefused(ILogger logger, Guid campaign, int version, string reason);

    [LoggerMessage(EventId = 3002, Level = LogLevel.Warning, Message = "Campaign {Campaign} version {Version} waits for the gate after {Attempt} orders: {Reason}. The next at {DueAt}.")]
    public static partial void ChangeWaits(ILogger logger, Guid campaign, int version, int attempt, string reason, DateTimeOffset dueAt);

    [LoggerMessage(EventId = 3003, Level = LogLevel.Warning, Message = "Campaign {Campaign} version {Version} stands but is not yet published: {Reason}")]
    public static partial void ChangeNotPublished(ILogger logger, Guid campaign, int version, string reason);

    [LoggerMessage(EventId = 3004, Level = LogLevel.Information, Message = "{Count} changed campaigns were published late.")]
    public static partial void ChangesPublishedLate(ILogger logger, int count);
}
