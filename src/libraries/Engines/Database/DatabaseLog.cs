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
}
