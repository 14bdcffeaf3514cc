using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Database;

internal static partial class DatabaseLog
{
    [LoggerMessage(1, LogLevel.Debug, "Write attempt {Attempt} will be repeated: {Reason}")]
    public static partial void WriteRetried(ILogger logger, int attempt, string reason);

    [LoggerMessage(2, LogLevel.Information, "Database {Database}: {Count} migrations applied, now at version {Version}")]
    public static partial void Migrated(ILogger logger, string database, int count, string version);

    [LoggerMessage(3, LogLevel.Debug, "Migration of {Database}: {Line}")]
    public static partial void MigrationLine(ILogger logger, string database, string line);

    [LoggerMessage(4, LogLevel.Error, "Database {Database} cannot be migrated (attempt {Attempt}); it is tried again in {Pause}, and until then nothing is read or written")]
    public static partial void MigrationFailed(ILogger logger, string database, int attempt, TimeSpan pause, Exception exception);

    [LoggerMessage(5, LogLevel.Information, "Database {Database} is up to date after {Attempts} attempts")]
    public static partial void MigratedAtLast(ILogger logger, string database, int attempts);
}
