using System.Collections.Concurrent;
using System.Data;
using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace FirstCome.Engines.Database;

/// <summary>
/// A SQLite file. It has one writer at a time: within the process they queue here, in order and without polling; against other processes stands <c>busy_timeout</c>.
/// Write-ahead log with <c>synchronous=NORMAL</c>: what is committed survives the death of the process, and the last commits may be lost only with the machine's power.
/// </summary>
internal sealed class SqliteEngine(string file) : DatabaseEngine(SqlDialect.Sqlite, Path.GetFileName(file))
{
    // Two instances on one file (two services that share a database) must queue together.
    private static readonly ConcurrentDictionary<string, SemaphoreSlim> s_writers = new(StringComparer.Ordinal);
    private static readonly TimeSpan s_migrationWaitMax = TimeSpan.FromMinutes(1);

    private readonly string _file = Path.GetFullPath(file);
    private readonly SemaphoreSlim _writer = s_writers.GetOrAdd(Path.GetFullPath(file), _ => new SemaphoreSlim(1, 1));
    private readonly string _connectionString = new SqliteConnectionStringBuilder
    {
        DataSource = Path.GetFullPath(file),
        Mode = SqliteOpenMode.ReadWriteCreate,
        ForeignKeys = true,
        // SQLite's own busy handler waits; the driver's would sleep 150 ms at a time.
        DefaultTimeout = 1,
        Pooling = true,
    }.ConnectionString;
    private volatile bool _isWriteAhead;

    // The only one with one writer at a time.
    public override IsolationLevel WriteIsolation => IsolationLevel.Serializable;

    public override ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var connection = new SqliteConnection(_connectionString);
        try
        {
            connection.Open();
            using var command = connection.CreateCommand();
            // The journal's mode stays with the file, the others go with the connection.
            command.CommandText = $"PRAGMA busy_timeout = 5000; {(_isWriteAhead ? "" : "PRAGMA journal_mode = WAL; ")}PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY;";
            command.ExecuteNonQuery();
            _isWriteAhead = true;
            return ValueTask.FromResult<DbConnection>(connection);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public override async ValueTask<IDisposable?> EnterWriteAsync(CancellationToken cancellationToken)
    {
        await _writer.WaitAsync(cancellationToken);
        return new Turn(_writer);
    }

    public override async ValueTask<IAsyncDisposable> EnterMigrationAsync(CancellationToken cancellationToken)
    {
        var started = TimeProvider.System.GetTimestamp();
        while (true)
        {
            // The lock goes with its process, however that ends.
            try { return new FileStream(_file + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None); }
            catch (IOException) when (File.Exists(_file + ".lock") && TimeProvider.System.GetElapsedTime(started) < s_migrationWaitMax)
            {
                // Another process holds the lock: it is asked for again below, until the wait is over; then the exception goes up.
            }
            await Task.Delay(TimeSpan.FromMilliseconds(50), cancellationToken);
        }
    }

    public override DatabaseFault? Classify(Exception exception) => exception is not SqliteException { SqliteErrorCode: var code } ? null : code switch
    {
        5 or 6 => DatabaseFault.Busy, // SQLITE_BUSY, SQLITE_LOCKED
        1 or 12 or 17 or 18 or 19 or 20 or 21 or 25 => DatabaseFault.Statement, // ERROR, NOTFOUND, SCHEMA, TOOBIG, CONSTRAINT, MISMATCH, MISUSE, RANGE
        _ => DatabaseFault.Unavailable, // IOERR, CORRUPT, FULL, CANTOPEN, READONLY, NOTADB, PERM, PROTOCOL …
    };

    public override ValueTask DisposeAsync()
    {
        using var connection = new SqliteConnection(_connectionString);
        SqliteConnection.ClearPool(connection);
        return ValueTask.CompletedTask;
    }

    private sealed class Turn(SemaphoreSlim writer) : IDisposable
    {
        private SemaphoreSlim? _writer = writer;

        public void Dispose() => Interlocked.Exchange(ref _writer, null)?.Release();
    }
}
