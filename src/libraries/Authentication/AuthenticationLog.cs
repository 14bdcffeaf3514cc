using Microsoft.Extensions.Logging;

namespace FirstCome.Authentication;

internal static partial class AuthenticationLog
{
    [LoggerMessage(1101, LogLevel.Information, "Signing keys fetched: {Count} in use")]
    public static partial void KeysFetched(ILogger logger, int count);

    [LoggerMessage(1102, LogLevel.Warning, "Signing keys not fetched, the last known stay in use: {Reason}")]
    public static partial void KeysNotFetched(ILogger logger, string reason);

    [LoggerMessage(1103, LogLevel.Warning, "Member changes could not be read within {Wait}; starting all the same")]
    public static partial void StandingsLate(ILogger logger, TimeSpan wait);

    [LoggerMessage(1104, LogLevel.Warning, "Member changes cannot be read; trying again")]
    public static partial void MemberChangesAway(ILogger logger, Exception exception);

    [LoggerMessage(1105, LogLevel.Error, "Member change unreadable and skipped: partition {Partition}, offset {Offset}")]
    public static partial void MemberChangeUnreadable(ILogger logger, int partition, long offset);
}
