using FirstCome.Authentication;

namespace FirstCome.UserService.Bootstrap;

internal static partial class BootstrapLog
{
    [LoggerMessage(2401, LogLevel.Information, "Account {MemberId} made with the role {Role}")]
    public static partial void AccountMade(ILogger logger, Guid memberId, Role role);

    [LoggerMessage(2402, LogLevel.Warning, "The accounts of Bootstrap:AccountsFile cannot be made yet; it is tried again")]
    public static partial void AccountsWait(ILogger logger, Exception exception);
}
