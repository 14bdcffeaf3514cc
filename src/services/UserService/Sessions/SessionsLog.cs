namespace FirstCome.UserService.Sessions;

// E-mail addresses, passwords, codes and tokens stand in no message.
internal static partial class SessionsLog
{
    [LoggerMessage(2001, LogLevel.Warning, "Refresh token of member {MemberId} used a second time: session {SessionId} ended")]
    public static partial void RefreshTokenReused(ILogger logger, Guid memberId, Guid sessionId);

    [LoggerMessage(2002, LogLevel.Warning, "Too many wrong guesses at one {Secret}: further ones must wait")]
    public static partial void GuessesBlocked(ILogger logger, Secret secret);

    [LoggerMessage(2003, LogLevel.Information, "Swept: {Sessions} sessions, {Failures} counts of failures, {Codes} codes")]
    public static partial void Swept(ILogger logger, int sessions, int failures, int codes);

    [LoggerMessage(2004, LogLevel.Warning, "What has expired could not be swept; it is tried again")]
    public static partial void SweepFailed(ILogger logger, Exception exception);
}
