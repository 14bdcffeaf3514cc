using FirstCome.Engines.Database;
using FirstCome.TestKit;
using Microsoft.Data.Sqlite;
using Microsoft.Extensions.Logging.Abstractions;
using Xunit;
using Database = FirstCome.Engines.Database.Database;

namespace FirstCome.EnginesTests.Databases;

public sealed class SqliteDatabaseTests : DatabaseBehaviour
{
    private readonly TemporaryFolder _folder = new();

    protected override Database Open() => OpenAt(_folder.File("test.db"));

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    public async Task A_file_that_cannot_be_opened_is_an_unavailable_database()
    {
        await using var database = OpenAt(_folder.File("missing/test.db"));
        await Assert.ThrowsAsync<DatabaseUnavailableException>(async () => await database.OpenAsync(Cancel));
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => database.WriteAsync((_, _, _) => Task.CompletedTask, Cancel));
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => database.MigrateAsync(GetType().Assembly, Cancel));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_an_unavailable_database()
    {
        await File.WriteAllTextAsync(_folder.File("garbage.db"), new string('x', 10_000), Cancel);
        await using var database = OpenAt(_folder.File("garbage.db"));
        await Assert.ThrowsAsync<DatabaseUnavailableException>(() => database.ReadAsync(async (connection, cancel) =>
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT COUNT(*) FROM sqlite_master";
            return await command.ExecuteScalarAsync(cancel);
        }, Cancel));
    }

    [Fact]
    public async Task A_writer_waits_for_another_process()
    {
        // A raw connection does not know the process's own queue: to SQLite it is as another process.
        await using var other = new SqliteConnection($"Data Source={_folder.File("test.db")};Pooling=False");
        other.Open();
        var transaction = other.BeginTransaction();
        var write = Task.Run(() => Database.WriteAsync((_, _, _) => Task.FromResult(1), Cancel), Cancel);
        Assert.NotSame(write, await Task.WhenAny(write, Task.Delay(TimeSpan.FromMilliseconds(100), Cancel)));
        transaction.Commit();
        Assert.Equal(1, await write.WaitAsync(TimeSpan.FromSeconds(10), Cancel));
    }

    [Fact]
    public async Task What_is_committed_survives_without_a_clean_end()
    {
        await Database.WriteAsync(async (connection, transaction, cancel) =>
        {
            await using var command = connection.CreateCommand();
            command.Transaction = transaction;
            command.CommandText = "UPDATE counter SET value = 5";
            await command.ExecuteNonQueryAsync(cancel);
        }, Cancel);
        // The files as a killed process would leave them: the write-ahead log not yet merged.
        foreach (var suffix in new[] { "", "-wal" }) { File.Copy(_folder.File("test.db" + suffix), _folder.File("copy.db" + suffix)); }
        await using var copy = OpenAt(_folder.File("copy.db"));
        Assert.Equal(5L, await copy.ReadAsync(async (connection, cancel) =>
        {
            await using var command = connection.CreateCommand();
            command.CommandText = "SELECT value FROM counter";
            return (long)(await command.ExecuteScalarAsync(cancel))!;
        }, Cancel));
    }

    private static Database OpenAt(string file) => Database.Sqlite(file, TimeProvider.System, NullLogger<Database>.Instance);
}
