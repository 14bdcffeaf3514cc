namespace FirstCome.CouponService.Issuance;

internal static partial class IssuanceLog
{
    [LoggerMessage(2101, LogLevel.Error, "Record {Partition}/{Offset} of coupon.issued became no coupon and is kept: {Reason}: {Detail}")]
    public static partial void RecordDeadLettered(ILogger logger, int partition, long offset, string reason, string detail);

    [LoggerMessage(2102, LogLevel.Warning, "Coupons are not being made, attempt {Attempt}; tried again in {Delay}: {Reason}")]
    public static partial void IssuanceFailed(ILogger logger, Exception exception, int attempt, TimeSpan delay, string reason);

    [LoggerMessage(2103, LogLevel.Information, "Coupons are being made again after {Attempts} attempts")]
    public static partial void IssuanceRecovered(ILogger logger, int attempts);

    [LoggerMessage(2104, LogLevel.Information, "{Made} coupons made of records whose campaign was unknown when they came")]
    public static partial void WaitingIssued(ILogger logger, int made);
}
