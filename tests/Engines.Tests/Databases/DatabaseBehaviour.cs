using System.Data.Common;
using Dapper;
using Xunit;
using Database = FirstCome.Engines.Database.Database;

namespace FirstCome.EnginesTests.Databases;

/// <summary>What every database must do, whichever engine it is.</summary>
public abstract class DatabaseBehaviour : IAsyncLifetime
{
    protected static readonly byte[] First = [.. Enumerable.Repeat((byte)0, 15), 1];
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(20);

    protected Database Database { get; private set; } = null!;

    protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>The same empty database at each call, as another instance would open it.</summary>
    protected abstract Database Open();

    /// <summary>Makes the empty database.</summary>
    protected virtual Task PrepareAsync() => Task.CompletedTask;

    public virtual async ValueTask InitializeAsync()
    {
        await PrepareAsync();
        Database = Open();
        await Database.MigrateAsync(GetType().Assembly, Cancel);
    }

    public virtual ValueTask DisposeAsync() => Database.DisposeAsync();

    [Fact]
    public async Task Scripts_run_once_whoever_asks_and_however_often()
    {
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            await using var another = Open();
            await another.MigrateAsync(GetType().Assembly, Cancel);
        })));
        Assert.Equal(1, await CountAsync("SELECT COUNT(*) FROM counter"));
        Assert.Equal(2, await CountAsync("SELECT COUNT(*) FROM changelog WHERE version IN ('1', '2') AND success = 1"));
    }

    [Fact]
    public async Task An_assembly_without_scripts_is_a_mistake_that_is_told() =>
        await Assert.ThrowsAsync<InvalidOperationException>(() => Database.MigrateAsync(typeof(Database).Assembly, Cancel));

    [Fact]
    public async Task A_write_is_seen_once_it_is_committed()
    {
        await Database.WriteAsync(async (connection, transaction, cancel) =>
        {
            await connection.ExecuteAsync(new CommandDefinition("UPDATE counter SET value = 42 WHERE id = @First", new { First }, transaction, cancellationToken: cancel));
            Assert.Equal(0, await ValueAsync());
        }, Cancel);
        Assert.Equal(42, await ValueAsync());
    }

    [Fact]
    public async Task An_exception_rolls_back_and_lets_the_next_writer_in()
    {
        await Assert.ThrowsAsync<NotSupportedException>(() => Database.WriteAsync(async (connection, transaction, cancel) =>
        {
            await connection.ExecuteAsync(new CommandDefinition("UPDATE counter SET value = 42", transaction: transaction, cancellationToken: cancel));
            throw new NotSupportedException();
        }, Cancel));
        Assert.Equal(0, await ValueAsync());
        await AddOneAsync(Database, Cancel).WaitAsync(s_limit, Cancel);
        Assert.Equal(1, await ValueAsync());
    }

    [Fact]
    public async Task Writers_at_once_take_turns_also_from_several_instances()
    {
        await using var another = Open();
        await Task.WhenAll(Enumerable.Range(0, 100).Select(i => Task.Run(() => AddOneAsync(i % 2 == 0 ? Database : another, Cancel))));
        Assert.Equal(100, await ValueAsync());
    }

    [Fact]
    public async Task A_caller_that_leaves_the_queue_leaves_no_trace()
    {
        var entered = new TaskCompletionSource();
        var release = new TaskCompletionSource();
        var first = Database.WriteAsync(async (connection, transaction, cancel) =>
        {
            await connection.ExecuteScalarAsync(new CommandDefinition($"SELECT value FROM counter WHERE id = @First{Database.Dialect.ForUpdate}", new { First }, transaction, cancellationToken: cancel));
            entered.SetResult();
            await release.Task;
        }, Cancel);
        await entered.Task.WaitAsync(s_limit, Cancel);
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var second = AddOneAsync(Database, leaving.Token);
        await leaving.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => second.WaitAsync(s_limit, Cancel));
        release.SetResult();
        await first;
        await AddOneAsync(Database, Cancel);
        Assert.Equal(1, await ValueAsync());
    }

    [Fact]
    public async Task A_violated_constraint_stays_the_drivers_exception() =>
        await Assert.ThrowsAnyAsync<DbException>(() => Database.WriteAsync((connection, transaction, cancel) =>
            connection.ExecuteAsync(new CommandDefinition("INSERT INTO counter (id, value) VALUES (@First, 1)", new { First }, transaction, cancellationToken: cancel)), Cancel));

    [Fact]
    public async Task The_dialect_keeps_and_replaces_existing_rows()
    {
        var dialect = Database.Dialect;
        Task<int> InsertAsync(string ending) => Database.WriteAsync((connection, transaction, cancel) =>
            connection.ExecuteAsync(new CommandDefinition($"INSERT INTO counter (id, value, note) VALUES (@First, 7, 'second'){ending}", new { First }, transaction, cancellationToken: cancel)), Cancel);

        await InsertAsync(dialect.KeepExisting("id"));
        Assert.Equal(0, await ValueAsync());
        await InsertAsync(dialect.ReplaceExisting(["id"], ["value"]));
        Assert.Equal(7, await ValueAsync());
        Assert.Equal(1, await CountAsync("SELECT COUNT(*) FROM counter WHERE note = 'first'"));
    }

    [Fact]
    public async Task The_databases_clock_is_in_Unix_milliseconds() =>
        Assert.InRange(await CountAsync($"SELECT {Database.Dialect.NowMs}"), DateTimeOffset.UtcNow.AddMinutes(-1).ToUnixTimeMilliseconds(), DateTimeOffset.UtcNow.AddMinutes(1).ToUnixTimeMilliseconds());

    private Task<long> ValueAsync() => CountAsync("SELECT value FROM counter WHERE id = @First");

    private Task<long> CountAsync(string sql) =>
        Database.ReadAsync((connection, cancel) => connection.ExecuteScalarAsync<long>(new CommandDefinition(sql, new { First }, cancellationToken: cancel)), Cancel);

    private static Task AddOneAsync(Database database, CancellationToken cancellationToken) => database.WriteAsync(async (connection, transaction, cancel) =>
    {
        var value = await connection.ExecuteScalarAsync<long>(new CommandDefinition($"SELECT value FROM counter WHERE id = @First{database.Dialect.ForUpdate}", new { First }, transaction, cancellationToken: cancel));
        await connection.ExecuteAsync(new CommandDefinition("UPDATE counter SET value = @Next WHERE id = @First", new { First, Next = value + 1 }, transaction, cancellationToken: cancel));
    }, cancellationToken);
}
