using System.Data;
using System.Data.Common;
using MySqlConnector;

namespace FirstCome.Engines.Database;

/// <summary>
/// A schema on a MySQL or MariaDB server. READ COMMITTED: what a statement of a transaction reads is what is committed at that moment, as the readers-back of inserts that keep existing rows need it,
/// and rows that are not there are not locked, so that two writers who insert side by side do not stand in each other's way.
/// </summary>
internal sealed class MySqlEngine : DatabaseEngine
{
    // Longer than any lock of ours is held; shorter than a statement's timeout, so that the server gives up first and says why.
    private const int LockWaitSeconds = 1;
    private const int CancellationSeconds = 1;
    private const int MigrationWaitSeconds = 60;

    // Connections go to a server's successor behind the same name within this time.
    private const int ConnectionLifeSeconds = 300;

    private const int RenewalMs = 500;

    private const string Session = """
        SET SESSION sql_mode = 'ONLY_FULL_GROUP_BY,STRICT_TRANS_TABLES,STRICT_ALL_TABLES,NO_ZERO_IN_DATE,NO_ZERO_DATE,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION',
            SESSION time_zone = '+00:00', SESSION default_storage_engine = InnoDB, SESSION transaction_isolation = 'READ-COMMITTED'
        """;

    private readonly DatabaseOptions _options;
    private Lazy<MySqlDataSource> _source;
    private long _renewedAt = -RenewalMs;

    public MySqlEngine(DatabaseOptions options) : base(SqlDialect.MySql, options.Name)
    {
        _options = options;
        _source = Source();
    }

    public override IsolationLevel WriteIsolation => IsolationLevel.ReadCommitted;

    public override async ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        var source = Volatile.Read(ref _source);
        try { return await source.Value.OpenConnectionAsync(cancellationToken); }
        // Renewed between the two.
        catch (ObjectDisposedException) when (source != Volatile.Read(ref _source)) { return await _source.Value.OpenConnectionAsync(cancellationToken); }
    }

    public override ValueTask<IDisposable?> EnterWriteAsync(CancellationToken cancellationToken) => ValueTask.FromResult<IDisposable?>(null);

    public override async ValueTask<IAsyncDisposable> EnterMigrationAsync(CancellationToken cancellationToken)
    {
        var connection = await _source.Value.OpenConnectionAsync(cancellationToken);
        try
        {
            await using var command = new MySqlCommand("SELECT GET_LOCK(CONCAT('firstcome-migration-', LEFT(SHA2(DATABASE(), 256), 32)), @wait)", connection) { CommandTimeout = MigrationWaitSeconds + 5 };
            command.Parameters.AddWithValue("@wait", MigrationWaitSeconds);
            if (await command.ExecuteScalarAsync(cancellationToken) is not { } got || Convert.ToInt64(got, null) != 1)
            {
                throw new DatabaseUnavailableException($"The database {Name} is being migrated by another instance for longer than {MigrationWaitSeconds} s.");
            }
            await BinaryCollationAsync(connection, cancellationToken);
            return new MigrationLock(connection);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    public override DatabaseFault? Classify(Exception exception) => exception switch
    {
        MySqlException failure => Classify(failure),
        // The driver has exceptions of streams that end, which are none of a database.
        _ => exception is DbException || exception.GetType().Assembly == typeof(MySqlException).Assembly ? DatabaseFault.Unavailable : null,
    };

    /// <summary>
    /// A connection that broke, or a server that only reads any more, is seldom alone: after a restart or a change of the primary the pool is full of them. None is handed out again.
    /// </summary>
    public override async ValueTask FailedAsync(Exception exception)
    {
        // No connection could be had, or a statement took too long: those of the pool are good.
        if (exception is MySqlException { ErrorCode: MySqlErrorCode.UnableToConnectToHost or MySqlErrorCode.ConnectionCountError or MySqlErrorCode.TooManyUserConnections or MySqlErrorCode.CommandTimeoutExpired }
            || Classify(exception) != DatabaseFault.Unavailable)
        {
            return;
        }
        // Of many failures at once the first one renews it. Connections that are in use end when they are given back.
        var renewed = Volatile.Read(ref _renewedAt);
        var now = Environment.TickCount64;
        if (now - renewed < RenewalMs || Interlocked.CompareExchange(ref _renewedAt, now, renewed) != renewed) { return; }
        var former = Interlocked.Exchange(ref _source, Source());
        if (former.IsValueCreated) { await former.Value.DisposeAsync(); }
    }

    public override ValueTask DisposeAsync() => _source.IsValueCreated ? _source.Value.DisposeAsync() : ValueTask.CompletedTask;

    private static DatabaseFault Classify(MySqlException failure) => (int)failure.ErrorCode switch
    {
        // Lock wait timeout, deadlock; too many locks or transactions; MariaDB: the row has changed since the snapshot.
        1205 or 1213 or 1206 or 1637 or 1020 => DatabaseFault.Busy,
        // Access denied to server, schema, table or column, user's limits reached: right once the operator has set it right.
        1044 or 1045 or 1142 or 1143 or 1203 or 1226 or 1227 or 1049 or 1046 => DatabaseFault.Unavailable,
        // No default, wrong value for its type, a check, a value that would be cut off, wrong characters.
        1364 or 1366 or 3819 or 1265 or 1300 => DatabaseFault.Statement,
        // Cardinality, data, integrity, syntax, not supported. Everything else is the server's own trouble: away, going down, full (1021, 1114, 1030), read only (1290, 1792, 1836), too many connections …
        _ => failure.SqlState is ['2', '1' or '2' or '3', ..] or ['4', '2', ..] or ['0', 'A', ..] ? DatabaseFault.Statement : DatabaseFault.Unavailable,
    };

    // Wrong options are told by their own check at start, together with all others; until then nothing is made of them.
    private Lazy<MySqlDataSource> Source() => new(() => Build(_options));

    private static MySqlDataSource Build(DatabaseOptions options)
    {
        var settings = new MySqlConnectionStringBuilder
        {
            Server = options.Server,
            Port = (uint)options.Port,
            Database = options.Name,
            UserID = options.User,
            Password = options.Password,
            SslMode = options.Tls switch
            {
                DatabaseTls.None => MySqlSslMode.None,
                DatabaseTls.Required => MySqlSslMode.Required,
                DatabaseTls.Verified => MySqlSslMode.VerifyFull,
                _ => MySqlSslMode.Preferred,
            },
            MaximumPoolSize = (uint)options.PoolMax,
            ConnectionTimeout = (uint)options.ConnectTimeout.TotalSeconds,
            DefaultCommandTimeout = (uint)options.CommandTimeout.TotalSeconds,
            CancellationTimeout = CancellationSeconds,
            ConnectionLifeTime = ConnectionLifeSeconds,
            // The session's settings stay with the connection, and taking one from the pool costs no round trip; see FailedAsync for those that died in it.
            ConnectionReset = false,
            // An insert that keeps existing rows counts the new ones only.
            UseAffectedRows = true,
            GuidFormat = MySqlGuidFormat.None,
            TreatTinyAsBoolean = false,
            AllowUserVariables = false,
            ApplicationName = "firstcome",
        };
        return new MySqlDataSourceBuilder(settings.ConnectionString).UseConnectionOpenedCallback(PrepareAsync).Build();
    }

    private static async ValueTask PrepareAsync(MySqlConnectionOpenedContext context, CancellationToken cancellationToken)
    {
        if ((context.Conditions & MySqlConnectionOpenedConditions.New) == 0) { return; }
        var version = context.Connection.ServerVersion;
        // MariaDB calls this variable by its older name before 11.1.
        var session = IsMariaDb(version) ? Session.Replace("transaction_isolation", "tx_isolation", StringComparison.Ordinal) : Session;
        await using var command = new MySqlCommand($"{session}, SESSION innodb_lock_wait_timeout = {LockWaitSeconds}", context.Connection);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    // Tables take the schema's collation. By bytes and with every space, as SQLite compares; the two servers name it differently.
    private static async Task BinaryCollationAsync(MySqlConnection connection, CancellationToken cancellationToken)
    {
        var wanted = IsMariaDb(connection.ServerVersion) ? "utf8mb4_nopad_bin" : "utf8mb4_0900_bin";
        await using var command = new MySqlCommand("SELECT @@collation_database", connection);
        if (await command.ExecuteScalarAsync(cancellationToken) as string == wanted) { return; }
        command.CommandText = $"ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {wanted}";
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static bool IsMariaDb(string version) => version.Contains("MariaDB", StringComparison.OrdinalIgnoreCase);

    private sealed class MigrationLock(MySqlConnection connection) : IAsyncDisposable
    {
        // A pooled connection is not reset: the lock goes with the session itself.
        public async ValueTask DisposeAsync()
        {
            try
            {
                await using var command = new MySqlCommand("SELECT RELEASE_ALL_LOCKS()", connection);
                await command.ExecuteScalarAsync();
            }
            catch (MySqlException) when (connection.State != ConnectionState.Open)
            {
                // The session has ended, and its lock with it.
            }
            finally { await connection.DisposeAsync(); }
        }
    }
}
