namespace FirstCome.CouponService.Coupons;

internal static partial class CouponsLog
{
    [LoggerMessage(2202, LogLevel.Information, "Coupon {CouponId} of campaign {CampaignId} cancelled by {OperatorId}; place released: {Released}")]
    public static partial void CouponCancelled(ILogger logger, long couponId, Guid campaignId, Guid operatorId, bool released);

    [LoggerMessage(2203, LogLevel.Warning, "Release of sequence {Sequence} of campaign {CampaignId} not delivered, attempt {Attempt}: {Reason}")]
    public static partial void ReleaseNotDelivered(ILogger logger, Guid campaignId, long sequence, int attempt, string reason);

    [LoggerMessage(2204, LogLevel.Debug, "{Count} coupons written down as expired")]
    public static partial void CouponsExpired(ILogger logger, int count);
}
