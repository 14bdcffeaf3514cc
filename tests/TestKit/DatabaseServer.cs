using System.Data;
using System.Globalization;
using System.Net;
using FirstCome.Engines.Database;
using MySqlConnector;

namespace FirstCome.TestKit;

/// <summary>A real database server of the tests' own, in a folder of its own, with schemas for whoever asks.</summary>
public abstract class DatabaseServer : IAsyncDisposable
{
    private static readonly TimeSpan s_readyMax = TimeSpan.FromSeconds(60), s_stopMax = TimeSpan.FromSeconds(30);

    // What docs/operating tells an operator to grant; nothing more.
    private const string Grants = "SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, INDEX";

    // While its disk is full a server may take a connection or a statement and never answer.
    private const int ProbeSeconds = 3;

    private readonly TemporaryFolder _folder = new();
    private readonly SmallDisk? _disk;
    private IEngineProcess? _process;
    private int _schemas;

    /// <param name="diskMegabytes">Its folder is a disk of its own, of this size, where this process may mount one; 0: a folder like any other.</param>
    protected DatabaseServer(int diskMegabytes) => _disk = diskMegabytes == 0 ? null : SmallDisk.Mount(_folder.FullName, diskMegabytes);

    /// <summary>On the loopback, the same after a restart.</summary>
    public int Port { get; } = FreePorts.Block(1);

    /// <summary>What runs it, to be killed, frozen and thawed.</summary>
    public IEngineProcess Process => _process ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>The disk that its data are on; skips the test where it is none of its own.</summary>
    public SmallDisk Disk => Needed.Mounted(_disk);

    /// <summary>Commits reach the operating system and not the disk: they survive the server's end, which is all that a test can bring about.</summary>
    protected static IReadOnlyList<string> Relaxed { get; } = ["--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync"];

    /// <summary>The server's folder.</summary>
    protected string Folder => _folder.FullName;

    /// <summary>Makes what the server needs before its first start, and what runs it.</summary>
    protected abstract Task<IEngineProcess> PrepareAsync();

    /// <summary>Starts a new one; what does not come up does not stay behind.</summary>
    protected static async Task<T> StartedAsync<T>(T server) where T : DatabaseServer
    {
        ArgumentNullException.ThrowIfNull(server);
        try { await server.RestartAsync(); }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
        return server;
    }

    /// <summary>Starts it, again on its data after a stop or kill, and waits until it answers.</summary>
    public async Task RestartAsync()
    {
        var process = _process ??= await PrepareAsync();
        await process.StartAsync();
        await Eventually.TrueAsync(
            async () => process.HasExited ? throw new InvalidOperationException($"The database server ended: {await process.OutputAsync()}") : await AnswersAsync(),
            s_readyMax, "the database server is ready");
    }

    /// <summary>Ends it in order.</summary>
    public Task StopAsync() => Process.StopAsync(s_stopMax);

    /// <summary>An empty schema with an account of its own, which can reach nothing else.</summary>
    public async Task<DatabaseOptions> CreateSchemaAsync()
    {
        var name = string.Create(CultureInfo.InvariantCulture, $"firstcome_{Interlocked.Increment(ref _schemas)}");
        await ExecuteAsync($"CREATE DATABASE {name}; CREATE USER '{name}'@'%' IDENTIFIED BY '{name}'; GRANT {Grants} ON {name}.* TO '{name}'@'%'");
        return new DatabaseOptions { Server = IPAddress.Loopback.ToString(), Port = Port, Name = name, User = name, Password = name };
    }

    /// <summary>Runs statements as root.</summary>
    public async Task ExecuteAsync(string sql)
    {
        await using var connection = new MySqlConnection(Root());
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first column of the first row, as root; "" where there is none.</summary>
    public async Task<string> QueryAsync(string sql)
    {
        await using var connection = new MySqlConnection(Root());
        await connection.OpenAsync();
        await using var command = new MySqlCommand(sql, connection);
        return Convert.ToString(await command.ExecuteScalarAsync(), CultureInfo.InvariantCulture) ?? "";
    }

    /// <summary>
    /// Runs a statement, whose <c>@rows</c> says how much it does, as often as the server takes it and with fewer rows where it does not, until it refuses one row or answers no more.
    /// Nothing is committed, and all of it is undone when the answer is disposed.
    /// </summary>
    public async Task<IAsyncDisposable> RepeatUntilRefusedAsync(string sql)
    {
        const int StatementsMax = 2_000, RowsMax = 512;
        var connection = new MySqlConnection(Root());
        try
        {
            await connection.OpenAsync();
            await using (var begin = new MySqlCommand("START TRANSACTION", connection)) { await begin.ExecuteNonQueryAsync(); }
            var rows = RowsMax;
            for (var i = 0; rows > 0 && connection.State == ConnectionState.Open; i++)
            {
                if (i == StatementsMax) { throw new InvalidOperationException($"The server still takes it after {StatementsMax} times: {sql}"); }
                if (!await TakesAsync(connection, sql, rows)) { rows /= 2; }
            }
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Whether the server takes one row of such a statement now; it is undone at once.</summary>
    public async Task<bool> TakesARowAsync(string sql)
    {
        await using var connection = new MySqlConnection(Root());
        try { await connection.OpenAsync(); }
        catch (MySqlException) { return false; }
        return await TakesAsync(connection, $"START TRANSACTION; {sql}", 1);
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null) { await _process.DisposeAsync(); }
        _disk?.Dispose();
        _folder.Dispose();
        GC.SuppressFinalize(this);
    }

    private async Task<bool> AnswersAsync()
    {
        try
        {
            await ExecuteAsync("SELECT 1");
            return true;
        }
        catch (MySqlException) { return false; }
    }

    private static async Task<bool> TakesAsync(MySqlConnection connection, string sql, int rows)
    {
        await using var command = new MySqlCommand($"SET @rows = {rows.ToString(CultureInfo.InvariantCulture)}; {sql}", connection) { CommandTimeout = ProbeSeconds };
        try
        {
            await command.ExecuteNonQueryAsync();
            return true;
        }
        catch (MySqlException) { return false; }
    }

    private string Root() => new MySqlConnectionStringBuilder
    {
        Server = IPAddress.Loopback.ToString(),
        Port = (uint)Port,
        UserID = "root",
        Pooling = false,
        ConnectionTimeout = 2,
        AllowUserVariables = true,
    }.ConnectionString;
}
