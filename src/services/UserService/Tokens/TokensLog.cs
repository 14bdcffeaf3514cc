namespace FirstCome.UserService.Tokens;

internal static partial class TokensLog
{
    [LoggerMessage(2101, LogLevel.Information, "Signing key {KeyId} published")]
    public static partial void KeyPublished(ILogger logger, string keyId);

    [LoggerMessage(2102, LogLevel.Information, "Signing key {KeyId} retired: its last token has expired")]
    public static partial void KeyRetired(ILogger logger, string keyId);

    [LoggerMessage(2103, LogLevel.Error, "Signing key {KeyId} cannot be read and is left out: {Reason}")]
    public static partial void KeyUnreadable(ILogger logger, string keyId, string reason);

    [LoggerMessage(2104, LogLevel.Error, "The folder of signing keys cannot be maintained; the keys in memory stay in use")]
    public static partial void FolderFailed(ILogger logger, Exception exception);
}
