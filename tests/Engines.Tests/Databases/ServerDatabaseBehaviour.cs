using System.Diagnostics;
using Dapper;
using FirstCome.Engines.Database;
using FirstCome.TestKit;
using Microsoft.Extensions.Logging.Abstractions;
using MySqlConnector;
using Xunit;
using Database = FirstCome.Engines.Database.Database;

namespace FirstCome.EnginesTests.Databases;

/// <summary>What a database on a server must do besides: locks of rows, and servers that go away.</summary>
public abstract class ServerDatabaseBehaviour : DatabaseBehaviour
{
    private static readonly byte[] s_second = [.. Enumerable.Repeat((byte)0, 15), 2];
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30), s_callerMax = TimeSpan.FromSeconds(5);

    private DatabaseServer _server = null!;
    private DatabaseOptions _options = null!;

    protected abstract Task<DatabaseServer> ServerAsync();

    protected override Database Open() => Open(_options);

    protected override async Task PrepareAsync()
    {
        _server = await ServerAsync();
        _options = await _server.CreateSchemaAsync();
    }

    [Fact]
    public async Task Text_is_compared_by_bytes_and_with_its_spaces()
    {
        await InsertAsync(s_second, 0, "Ärger ");
        Assert.Equal((1, 0, 0, 0), (await NotesAsync("Ärger "), await NotesAsync("Ärger"), await NotesAsync("ärger "), await NotesAsync("Arger ")));
    }

    [Fact]
    public async Task A_locked_row_makes_the_next_writer_wait_and_then_see_what_was_committed()
    {
        var (locked, release) = (new TaskCompletionSource(), new TaskCompletionSource());
        var first = Database.WriteAsync(async (connection, transaction, cancel) =>
        {
            await connection.ExecuteScalarAsync(new CommandDefinition($"SELECT value FROM counter WHERE id = @First{Database.Dialect.ForUpdate}", new { First }, transaction, cancellationToken: cancel));
            locked.TrySetResult();
            await release.Task;
            await connection.ExecuteAsync(new CommandDefinition("UPDATE counter SET value = 10 WHERE id = @First", new { First }, transaction, cancellationToken: cancel));
        }, Cancel);
        await locked.Task.WaitAsync(s_limit, Cancel);
        var second = Database.WriteAsync((connection, transaction, cancel) => connection.ExecuteScalarAsync<long>(
            new CommandDefinition($"SELECT value FROM counter WHERE id = @First{Database.Dialect.ForUpdate}", new { First }, transaction, cancellationToken: cancel)), Cancel);
        Assert.NotSame(second, await Task.WhenAny(second, Task.Delay(TimeSpan.FromMilliseconds(200), Cancel)));
        release.SetResult();
        await first.WaitAsync(s_limit, Cancel);
        Assert.Equal(10, await second.WaitAsync(s_limit, Cancel));
    }

    [Fact]
    public async Task A_deadlocks_victim_runs_again_and_both_are_done()
    {
        await InsertAsync(s_second, 0, "second");
        var runs = 0;
        using var both = new Barrier(2);
        Task CrossAsync(byte[] one, byte[] other) => Task.Run(() => Database.WriteAsync(async (connection, transaction, cancel) =>
        {
            var isFirstRun = Interlocked.Increment(ref runs) <= 2;
            await AddAsync(connection, transaction, one);
            if (isFirstRun) { both.SignalAndWait(s_limit, cancel); }
            await AddAsync(connection, transaction, other);
        }, Cancel), Cancel);
        await Task.WhenAll(CrossAsync(First, s_second), CrossAsync(s_second, First)).WaitAsync(s_limit, Cancel);
        Assert.Equal((2, 2), (await ValueAsync(First), await ValueAsync(s_second)));
        Assert.True(runs > 2, "nobody was a victim");
    }

    [Fact]
    public async Task A_transaction_reads_back_what_another_one_has_inserted_before_it()
    {
        await Database.WriteAsync(async (connection, transaction, cancel) =>
        {
            Assert.Equal(0, await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT COUNT(*) FROM counter WHERE id = @s_second", new { s_second }, transaction, cancellationToken: cancel)));
            await InsertAsync(s_second, 8, "other");
            var added = await connection.ExecuteAsync(new CommandDefinition(
                $"INSERT INTO counter (id, value, note) VALUES (@s_second, 9, 'own'){Database.Dialect.KeepExisting("id")}", new { s_second }, transaction, cancellationToken: cancel));
            var value = await connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT value FROM counter WHERE id = @s_second", new { s_second }, transaction, cancellationToken: cancel));
            Assert.Equal((0, 8), (added, value));
        }, Cancel);
    }

    [Fact]
    public async Task Uncommitted_rows_between_each_other_do_not_lock_gaps()
    {
        await using var other = Open();
        await Database.WriteAsync(async (connection, transaction, cancel) =>
        {
            // A search that finds nothing must not keep others from inserting there.
            await connection.ExecuteScalarAsync(new CommandDefinition($"SELECT value FROM counter WHERE id = @s_second{Database.Dialect.ForUpdate}", new { s_second }, transaction, cancellationToken: cancel));
            await InsertAsync([.. Enumerable.Repeat((byte)0, 15), 3], 1, "beside").WaitAsync(TimeSpan.FromMilliseconds(900), cancel);
        }, Cancel);
    }

    [Fact]
    public async Task Values_that_do_not_fit_are_refused_and_nothing_is_cut_off()
    {
        await Assert.ThrowsAsync<MySqlException>(() => InsertAsync([1, 2, 3, .. new byte[20]], 0, "too long an id"));
        Assert.Equal(0, await NotesAsync("too long an id"));
    }

    [Theory]
    [InlineData(MySqlErrorCode.LockDeadlock, "40001", nameof(DatabaseFault.Busy))]
    [InlineData(MySqlErrorCode.LockWaitTimeout, "HY000", nameof(DatabaseFault.Busy))]
    [InlineData(MySqlErrorCode.DuplicateKeyEntry, "23000", nameof(DatabaseFault.Statement))]
    [InlineData(MySqlErrorCode.ParseError, "42000", nameof(DatabaseFault.Statement))]
    [InlineData(MySqlErrorCode.DataTooLong, "22001", nameof(DatabaseFault.Statement))]
    [InlineData(MySqlErrorCode.DiskFull, "HY000", nameof(DatabaseFault.Unavailable))]
    [InlineData(MySqlErrorCode.RecordFileFull, "HY000", nameof(DatabaseFault.Unavailable))]
    [InlineData((MySqlErrorCode)1030, "HY000", nameof(DatabaseFault.Unavailable))]
    [InlineData(MySqlErrorCode.ConnectionCountError, "08004", nameof(DatabaseFault.Unavailable))]
    [InlineData(MySqlErrorCode.TooManyUserConnections, "42000", nameof(DatabaseFault.Unavailable))]
    [InlineData(MySqlErrorCode.ServerShutdown, "08S01", nameof(DatabaseFault.Unavailable))]
    [InlineData(MySqlErrorCode.OptionPreventsStatement, "HY000", nameof(DatabaseFault.Unavailable))]
    [InlineData(MySqlErrorCode.AccessDenied, "28000", nameof(DatabaseFault.Unavailable))]
    [InlineData(MySqlErrorCode.CommandTimeoutExpired, null, nameof(DatabaseFault.Unavailable))]
    public async Task Errors_are_told_apart(MySqlErrorCode code, string? state, string expected)
    {
        await using var engine = new MySqlEngine(_options);
        var made = (MySqlException)Activator.CreateInstance(
            typeof(MySqlException), System.Reflection.BindingFlags.NonPublic | System.Reflection.BindingFlags.Instance, null, [code, state, "made by a test"], null)!;
        Assert.Equal(expected, engine.Classify(made).ToString());
    }

    [Fact]
    public async Task A_read_only_server_is_unavailable_for_writers_and_serves_readers()
    {
        await _server.ExecuteAsync("SET GLOBAL read_only = 1");
        try
        {
            await Assert.ThrowsAsync<DatabaseUnavailableException>(() => InsertAsync(s_second, 0, "no"));
            Assert.Equal(0, await ValueAsync(First));
        }
        finally { await _server.ExecuteAsync("SET GLOBAL read_only = 0"); }
        await InsertAsync(s_second, 0, "yes");
    }

    [Fact]
    public async Task A_killed_server_is_unavailable_and_comes_back_with_what_was_committed()
    {
        await InsertAsync(s_second, 5, "kept");
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => ValueAsync(First)));
        await _server.Process.KillAsync();
        for (var i = 0; i < 4; i++)
        {
            await Assert.ThrowsAsync<DatabaseUnavailableException>(() => ValueAsync(First));
            await Assert.ThrowsAsync<DatabaseUnavailableException>(() => InsertAsync([.. Enumerable.Repeat((byte)9, 16)], 0, "no"));
        }
        await _server.RestartAsync();
        // The failures have emptied the pool.
        for (var i = 0; i < 8; i++) { Assert.Equal(5, await ValueAsync(s_second)); }
    }

    [Fact]
    public async Task A_server_that_stands_still_is_given_up_soon_and_goes_on_afterwards()
    {
        await ValueAsync(First);
        _server.Process.Freeze();
        try
        {
            // The signal takes a moment to reach every thread of the server.
            var longest = TimeSpan.Zero;
            await Eventually.TrueAsync(async () =>
            {
                var started = Stopwatch.GetTimestamp();
                try { await ValueAsync(First); return false; }
                catch (DatabaseUnavailableException) { longest = Stopwatch.GetElapsedTime(started); return true; }
            }, s_limit, "the server stands still");
            Assert.True(longest < s_callerMax, $"given up after {longest}");
        }
        finally { _server.Process.Thaw(); }
        await Eventually.TrueAsync(async () =>
        {
            try { return await ValueAsync(First) == 0; }
            catch (DatabaseUnavailableException) { return false; }
        }, s_limit, "the thawed server answers");
    }

    [Fact]
    public async Task A_server_that_dies_in_a_transaction_leaves_nothing_of_it()
    {
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => Database.WriteAsync(async (connection, transaction, cancel) =>
        {
            await AddAsync(connection, transaction, First);
            await _server.Process.KillAsync();
            await AddAsync(connection, transaction, First);
        }, Cancel));
        await _server.RestartAsync();
        Assert.Equal(0, await ValueAsync(First));
    }

    [Fact]
    public async Task A_wrong_password_and_a_missing_schema_are_an_unavailable_database()
    {
        foreach (var wrong in new[] { With(options => options.Password = "wrong"), With(options => options.Name = "missing"), With(options => options.Port = FreePorts.Block(1)) })
        {
            await using var database = Open(wrong);
            await Assert.ThrowsAsync<DatabaseUnavailableException>(async () => await database.OpenAsync(Cancel));
            await Assert.ThrowsAsync<DatabaseUnavailableException>(() => database.MigrateAsync(GetType().Assembly, Cancel));
        }
    }

    [Fact]
    public async Task An_exhausted_pool_is_an_unavailable_database()
    {
        await using var database = Open(With(options => options.PoolMax = 2));
        await using var one = await database.OpenAsync(Cancel);
        await using var two = await database.OpenAsync(Cancel);
        await Assert.ThrowsAsync<DatabaseUnavailableException>(async () => await database.OpenAsync(Cancel));
    }

    private DatabaseOptions With(Action<DatabaseOptions> change)
    {
        var options = new DatabaseOptions { Server = _options.Server, Port = _options.Port, Name = _options.Name, User = _options.User, Password = _options.Password };
        change(options);
        return options;
    }

    private static Database Open(DatabaseOptions options) => Database.MySql(options, TimeProvider.System, NullLogger<Database>.Instance);

    private Task<int> InsertAsync(byte[] id, long value, string note) => Database.WriteAsync((connection, transaction, cancel) => connection.ExecuteAsync(
        new CommandDefinition("INSERT INTO counter (id, value, note) VALUES (@id, @value, @note)", new { id, value, note }, transaction, cancellationToken: cancel)), Cancel);

    private static Task<int> AddAsync(System.Data.Common.DbConnection connection, System.Data.Common.DbTransaction transaction, byte[] id) =>
        connection.ExecuteAsync(new CommandDefinition("UPDATE counter SET value = value + 1 WHERE id = @id", new { id }, transaction));

    private Task<long> ValueAsync(byte[] id) => Database.ReadAsync(
        (connection, cancel) => connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT value FROM counter WHERE id = @id", new { id }, cancellationToken: cancel)), Cancel);

    private Task<long> NotesAsync(string note) => Database.ReadAsync(
        (connection, cancel) => connection.ExecuteScalarAsync<long>(new CommandDefinition("SELECT COUNT(*) FROM counter WHERE note = @note", new { note }, cancellationToken: cancel)), Cancel);
}

public sealed class MariaDbDatabaseTests : ServerDatabaseBehaviour
{
    protected override Task<DatabaseServer> ServerAsync() => TestDatabases.MariaDbAsync();
}

public sealed class MySqlDatabaseTests : ServerDatabaseBehaviour
{
    protected override Task<DatabaseServer> ServerAsync() => TestDatabases.MySqlAsync();
}
