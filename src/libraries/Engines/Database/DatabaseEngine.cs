using System.Data;
using System.Data.Common;

namespace FirstCome.Engines.Database;

/// <summary>What an exception of the driver says about the engine.</summary>
internal enum DatabaseFault
{
    /// <summary>The statement is at fault (a constraint, its syntax): the engine works.</summary>
    Statement,
    /// <summary>Locked or deadlocked: the same transaction may succeed when it is run again.</summary>
    Busy,
    /// <summary>Away, full or broken.</summary>
    Unavailable,
}

/// <summary>What differs between databases besides their SQL.</summary>
internal abstract class DatabaseEngine(SqlDialect dialect, string name) : IAsyncDisposable
{
    public SqlDialect Dialect { get; } = dialect;

    /// <summary>For logs and error texts; holds no secret.</summary>
    public string Name { get; } = name;

    /// <summary>Of transactions that write; see the engine for why.</summary>
    public abstract IsolationLevel WriteIsolation { get; }

    /// <summary>An open connection, ready for statements.</summary>
    public abstract ValueTask<DbConnection> OpenAsync(CancellationToken cancellationToken);

    /// <summary>Waits for the turn to write, where the engine has one writer at a time.</summary>
    public abstract ValueTask<IDisposable?> EnterWriteAsync(CancellationToken cancellationToken);

    /// <summary>Waits until no other process migrates this database, at most a minute.</summary>
    public abstract ValueTask<IAsyncDisposable> EnterMigrationAsync(CancellationToken cancellationToken);

    /// <summary>Null for an exception that is none of the driver's.</summary>
    public abstract DatabaseFault? Classify(Exception exception);

    /// <summary>Told of each failure that makes the database unavailable for a caller.</summary>
    public virtual ValueTask FailedAsync(Exception exception) => ValueTask.CompletedTask;

    public abstract ValueTask DisposeAsync();
}
