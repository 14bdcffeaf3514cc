namespace FirstCome.IssueService.Claims;

internal static partial class ClaimsLog
{
    [LoggerMessage(EventId = 1001, Level = LogLevel.Debug, Message = "A claim queue has stopped.")]
    public static partial void QueueStopped(ILogger logger);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Error, Message = "The gate did not answer; its callers were told 503.")]
    public static partial void GateUnavailable(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Error, Message = "Campaign {CampaignId}: {Count} reservations were not acknowledged or not marked; the sweep publishes them again.")]
    public static partial void PublishFailed(ILogger logger, Guid campaignId, int count, Exception exception);

    [LoggerMessage(EventId = 1004, Level = LogLevel.Warning, Message = "Campaign {CampaignId}: the sweep published {Count} reservations without a mark.")]
    public static partial void ReservationsRepublished(ILogger logger, Guid campaignId, int count);

    [LoggerMessage(EventId = 1005, Level = LogLevel.Error, Message = "Campaign {CampaignId}: the sweep could not publish reservations; it tries again.")]
    public static partial void SweepFailed(ILogger logger, Guid campaignId, Exception exception);

    [LoggerMessage(EventId = 1006, Level = LogLevel.Error, Message = "Campaign {CampaignId}: whether it is sold out could not be read.")]
    public static partial void SoldOutUnknown(ILogger logger, Guid campaignId, Exception exception);

    [LoggerMessage(EventId = 1007, Level = LogLevel.Critical, Message = "Campaign {CampaignId}: {Count} marked claims were not in the ledger though everything was read; they were published again.")]
    public static partial void MissingRepublished(ILogger logger, Guid campaignId, int count);

    [LoggerMessage(EventId = 1008, Level = LogLevel.Warning, Message = "The ledger did not tell how many numbers are void; the last number known is shown.")]
    public static partial void GapsUnknown(ILogger logger, Exception exception);
}
