namespace FirstCome.Engines.Database;

/// <summary>The few places in which the databases differ. Statements take these values; everything else is written once.</summary>
/// <param name="Name"><c>sqlite</c> or <c>mysql</c>.</param>
/// <param name="Placeholders">What migration scripts say instead of types that differ: <c>${binary16}</c>, <c>${json}</c>, <c>${identity}</c>, <c>${clustered}</c> (a table kept in the order of its primary key) …</param>
/// <param name="KeepExisting">
/// Ends an insert that keeps what is there, whichever unique key is taken; it counts new rows only. The argument is any column of the table, with the table's name where the insert selects from another one.
/// </param>
/// <param name="ReplaceExisting">Ends an insert that overwrites: key columns, then the columns to take from the new row. What it counts differs.</param>
/// <param name="ForUpdate">Ends a select that locks its rows for writing; empty where a write transaction locks the file.</param>
/// <param name="NowMs">An expression for the database's clock, Unix milliseconds.</param>
/// <param name="RowsPerStatement">
/// How many rows an insert of many takes at once. SQLite's driver finds parameters by name, one after the other, so that far more make each row dearer; to a server each statement more is a round trip.
/// </param>
public sealed record SqlDialect(
    string Name, IReadOnlyDictionary<string, string> Placeholders, Func<string, string> KeepExisting, Func<IReadOnlyList<string>, IReadOnlyList<string>, string> ReplaceExisting,
    string ForUpdate, string NowMs, int RowsPerStatement)
{
    /// <summary>SQLite 3.35 or later, one file a service, write-ahead log, write transactions taken at once (<c>BEGIN IMMEDIATE</c>).</summary>
    public static readonly SqlDialect Sqlite = new(
        "sqlite",
        new Dictionary<string, string> { ["binary16"] = "BLOB", ["text"] = "TEXT", ["json"] = "TEXT", ["bigint"] = "INTEGER", ["int"] = "INTEGER", ["bool"] = "INTEGER", ["identity"] = "INTEGER PRIMARY KEY AUTOINCREMENT", ["blob"] = "BLOB", ["clustered"] = " WITHOUT ROWID" },
        _ => " ON CONFLICT DO NOTHING",
        (keys, columns) => $" ON CONFLICT ({string.Join(", ", keys)}) DO UPDATE SET {string.Join(", ", columns.Select(column => $"{column} = excluded.{column}"))}",
        "", "CAST(unixepoch('subsec') * 1000 AS INTEGER)", 25);

    /// <summary>
    /// MySQL 8.4 or later and MariaDB 10.11 or later, InnoDB. The row alias of MySQL's upsert is unknown to MariaDB, and MariaDB's <c>VALUE()</c> to MySQL; both know <c>VALUES()</c>.
    /// An update counts the rows that it changed, not those that it found.
    /// </summary>
    public static readonly SqlDialect MySql = new(
        "mysql",
        new Dictionary<string, string> { ["binary16"] = "BINARY(16)", ["text"] = "MEDIUMTEXT", ["json"] = "MEDIUMTEXT", ["bigint"] = "BIGINT", ["int"] = "INT", ["bool"] = "TINYINT", ["identity"] = "BIGINT NOT NULL AUTO_INCREMENT PRIMARY KEY", ["blob"] = "MEDIUMBLOB", ["clustered"] = "" },
        column => $" ON DUPLICATE KEY UPDATE {column} = {column}",
        (_, columns) => $" ON DUPLICATE KEY UPDATE {string.Join(", ", columns.Select(column => $"{column} = VALUES({column})"))}",
        " FOR UPDATE", "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)", 500);
}
