namespace FirstCome.CouponService.Sweeps;

internal static partial class SweepLog
{
    [LoggerMessage(EventId = 3100, Level = LogLevel.Warning, Message = "A pass of {Sweep} failed, {Failures} in a row; it is tried again.")]
    public static partial void PassFailed(ILogger logger, Exception exception, string sweep, int failures);
}
