using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using Database = FirstCome.Engines.Database.Database;

namespace FirstCome.EnginesTests.Claims;

/// <summary>Where a ledger may be kept.</summary>
public enum LedgerEngine
{
    Sqlite,
    MariaDb,
    MySql,
}

/// <summary>Empty ledgers.</summary>
public static class LedgerEngines
{
    /// <summary>A database of its own; skips the test where the engine is not there.</summary>
    public static async Task<Database> OpenAsync(LedgerEngine engine, TemporaryFolder folder)
    {
        ArgumentNullException.ThrowIfNull(folder);
        if (engine == LedgerEngine.Sqlite) { return Database.Sqlite(folder.File("ledger.db"), TimeProvider.System, NullLogger<Database>.Instance); }
        var server = engine == LedgerEngine.MariaDb ? await TestDatabases.MariaDbAsync() : await TestDatabases.MySqlAsync();
        return Database.MySql(await server.CreateSchemaAsync(), TimeProvider.System, NullLogger<Database>.Instance);
    }
}

public sealed class SqliteLedgerBatchTests() : LedgerBatchBehaviour(LedgerEngine.Sqlite);

public sealed class MariaDbLedgerBatchTests() : LedgerBatchBehaviour(LedgerEngine.MariaDb);

public sealed class MySqlLedgerBatchTests() : LedgerBatchBehaviour(LedgerEngine.MySql);

public sealed class SqliteRebuildTests() : RebuildBehaviour(LedgerEngine.Sqlite);

public sealed class MariaDbRebuildTests() : RebuildBehaviour(LedgerEngine.MariaDb);

public sealed class MySqlRebuildTests() : RebuildBehaviour(LedgerEngine.MySql);
