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

    private readonly TemporaryFolder _folder = new();
    private readonly SmallDisk? _disk;
    private ChildProcess? _process;
    private int _schemas;

    /// <param name="diskMegabytes">Its folder is a disk of its own, of this size, where this process may mount one; 0: a folder like any other.</param>
    protected DatabaseServer(int diskMegabytes) => _disk = diskMegabytes == 0 ? null : SmallDisk.Mount(_folder.FullName, diskMegabytes);

    /// <summary>The disk that its data are on; skips the test where it is none of its own.</summary>
    public SmallDisk Disk => Needed.Mounted(_disk);

    /// <summary>On the loopback, the same after a restart.</summary>
    public int Port { get; } = FreePorts.Block(1);

    /// <summary>The running process, to be frozen and thawed.</summary>
    public ChildProcess Process => _process ?? throw new InvalidOperationException("The server was not started.");

    /// <summary>Commits reach the operating system and not the disk: they survive the server's end, which is all that a test can bring about.</summary>
    protected static IReadOnlyList<string> Relaxed { get; } = ["--innodb-flush-log-at-trx-commit=2", "--innodb-flush-method=nosync"];

    /// <summary>The server's folder.</summary>
    protected string Folder => _folder.FullName;

    /// <summary>Starts the server's process; it runs in the foreground.</summary>
    protected abstract Task<ChildProcess> LaunchAsync();

    /// <summary>Starts it, again on its data after a stop or kill, and waits until it answers.</summary>
    public async Task RestartAsync()
    {
        if (_process is not null) { await _process.DisposeAsync(); }
        var process = _process = await LaunchAsync();
        await Eventually.TrueAsync(
            async () => process.HasExited ? throw new InvalidOperationException($"The database server ended: {process.Output}{process.Error}") : await AnswersAsync(),
            s_readyMax, "the database server is ready");
    }

    /// <summary>Ends it in order.</summary>
    public Task StopAsync()
    {
        Process.SendTerminate();
        return Process.WaitForExitAsync(s_stopMax);
    }

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

    /// <summary>Runs a statement, whose <c>@rows</c> says how much it does, as often as the server takes it and with fewer rows where it does not; nothing is committed, and all of it is undone when the answer is disposed.</summary>
    public async Task<IAsyncDisposable> RepeatUntilRefusedAsync(string sql)
    {
        const int StatementsMax = 1_000, RowsMax = 512;
        var connection = new MySqlConnection(Root());
        try
        {
            await connection.OpenAsync();
            await using (var begin = new MySqlCommand("START TRANSACTION", connection)) { await begin.ExecuteNonQueryAsync(); }
            var rows = RowsMax;
            for (var i = 0; rows > 0; i++)
            {
                if (i == StatementsMax) { throw new InvalidOperationException($"The server still takes it after {StatementsMax} times: {sql}"); }
                await using var command = new MySqlCommand($"SET @rows = {rows.ToString(CultureInfo.InvariantCulture)}; {sql}", connection);
                try { await command.ExecuteNonQueryAsync(); }
                catch (MySqlException) { rows /= 2; }
            }
            return connection;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
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
