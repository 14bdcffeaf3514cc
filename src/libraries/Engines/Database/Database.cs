using System.Data.Common;
using System.Diagnostics;
using System.Reflection;
using Microsoft.Extensions.Logging;

namespace FirstCome.Engines.Database;

/// <summary>
/// One service's database. Queries and statements are written once; the few places where the engines differ come from <see cref="Dialect"/>.
/// Every failure of the engine itself is a <see cref="DatabaseUnavailableException"/>; a violated constraint stays the driver's own exception.
/// </summary>
public sealed class Database : IAsyncDisposable
{
    private const int WriteAttemptsMax = 5;
    private static readonly ActivitySource s_source = new("FirstCome.Engines");
    private static readonly TimeSpan s_retryDelayMin = TimeSpan.FromMilliseconds(5);

    private readonly DatabaseEngine _engine;
    private readonly TimeProvider _time;
    private readonly ILogger<Database> _logger;
    private volatile string? _withheld;

    internal Database(DatabaseEngine engine, TimeProvider time, ILogger<Database> logger)
    {
        _engine = engine;
        _time = time;
        _logger = logger;
    }

    /// <summary>A SQLite file in write-ahead mode; its folder must exist. Nothing is opened before the first use.</summary>
    public static Database Sqlite(string file, TimeProvider time, ILogger<Database> logger) => new(new SqliteEngine(file), time, logger);

    /// <summary>A schema on a MySQL or MariaDB server. Nothing is opened before the first use; the options are taken as they are.</summary>
    public static Database MySql(DatabaseOptions options, TimeProvider time, ILogger<Database> logger) => new(new MySqlEngine(options), time, logger);

    /// <summary>What the engine calls things.</summary>
    public SqlDialect Dialect => _engine.Dialect;

    /// <summary>The engine, as OpenTelemetry's <c>db.system.name</c> names it; MariaDB counts as MySQL, whose protocol it is asked in.</summary>
    public string SystemName => _engine is SqliteEngine ? "sqlite" : "mysql";

    /// <summary>An open connection from the pool, for reading; dispose it to give it back.</summary>
    /// <exception cref="DatabaseUnavailableException">It cannot be opened.</exception>
    public async ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken)
    {
        RefuseWhileWithheld();
        try { return await _engine.OpenAsync(cancellationToken); }
        catch (Exception exception) when (_engine.Classify(exception) is DatabaseFault.Busy or DatabaseFault.Unavailable) { throw await UnavailableAsync(exception); }
    }

    /// <summary>Reads through a connection of the pool; each statement sees what is committed.</summary>
    /// <exception cref="DatabaseUnavailableException">The engine failed.</exception>
    public async Task<T> ReadAsync<T>(Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(read);
        RefuseWhileWithheld();
        try
        {
            await using var connection = await _engine.OpenAsync(cancellationToken);
            return await read(connection, cancellationToken);
        }
        catch (Exception exception) when (_engine.Classify(exception) is DatabaseFault.Busy or DatabaseFault.Unavailable) { throw await UnavailableAsync(exception); }
    }

    /// <summary>
    /// Runs <paramref name="work"/> in one write transaction and commits it. Where the engine asks for it (busy, deadlock) the work is run again from its beginning, up to
    /// five times: it must do nothing outside the transaction. An exception rolls back.
    /// </summary>
    /// <exception cref="DatabaseUnavailableException">The engine failed, or stayed busy.</exception>
    public async Task<T> WriteAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        RefuseWhileWithheld();
        // A part of what is traced already; a sweep's own writes are no traces of their own.
        using var span = Activity.Current is { Recorded: true } ? s_source.StartActivity("TRANSACTION", ActivityKind.Client) : null;
        span?.SetTag("db.system.name", SystemName).SetTag("db.operation.name", "TRANSACTION");
        try { return await WriteOftenAsync(work, cancellationToken); }
        catch (Exception exception)
        {
            span?.SetStatus(ActivityStatusCode.Error).SetTag("error.type", exception.GetType().FullName);
            throw;
        }
    }

    private async Task<T> WriteOftenAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try { return await WriteOnceAsync(work, cancellationToken); }
            catch (Exception exception) when (_engine.Classify(exception) == DatabaseFault.Busy && attempt < WriteAttemptsMax)
            {
                DatabaseLog.WriteRetried(_logger, attempt, exception.Message);
            }
            catch (Exception exception) when (_engine.Classify(exception) is DatabaseFault.Busy or DatabaseFault.Unavailable) { throw await UnavailableAsync(exception); }
            await Task.Delay(s_retryDelayMin * (1 << attempt) * (0.5 + Random.Shared.NextDouble()), _time, cancellationToken);
        }
    }

    /// <summary>As <see cref="WriteAsync{T}"/>, without a result.</summary>
    public Task WriteAsync(Func<DbConnection, DbTransaction, CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(work);
        return WriteAsync(async (connection, transaction, token) => { await work(connection, transaction, token); return true; }, cancellationToken);
    }

    /// <summary>
    /// Brings the schema up to the scripts <c>Migrations/V1__name.sql</c> that are embedded in <paramref name="assembly"/>: forward only, each once, under a lock that other
    /// processes respect; safe to run again and from several instances.
    /// </summary>
    /// <exception cref="DatabaseUnavailableException">The engine failed.</exception>
    public Task MigrateAsync(Assembly assembly, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(assembly);
        return Migrations.RunAsync(_engine, assembly, _logger, cancellationToken);
    }

    /// <summary>For logs and error texts; holds no secret.</summary>
    internal string Name => _engine.Name;

    /// <summary>While there is a reason, every use but <see cref="MigrateAsync"/> is refused with it: a schema that is not up to date must not be read. Null lifts it.</summary>
    internal void Withhold(string? reason) => _withheld = reason;

    public ValueTask DisposeAsync() => _engine.DisposeAsync();

    private async Task<T> WriteOnceAsync<T>(Func<DbConnection, DbTransaction, CancellationToken, Task<T>> work, CancellationToken cancellationToken)
    {
        using var turn = await _engine.EnterWriteAsync(cancellationToken);
        await using var connection = await _engine.OpenAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(_engine.WriteIsolation, cancellationToken);
        var result = await work(connection, transaction, cancellationToken);
        // Past this point a caller that has gone must not turn a commit into a doubt.
        await transaction.CommitAsync(CancellationToken.None);
        return result;
    }

    private void RefuseWhileWithheld()
    {
        if (_withheld is { } reason) { throw new DatabaseUnavailableException(reason); }
    }

    private async ValueTask<DatabaseUnavailableException> UnavailableAsync(Exception exception)
    {
        await _engine.FailedAsync(exception);
        return new DatabaseUnavailableException($"The database {_engine.Name} is unavailable: {exception.Message}", exception);
    }
}
