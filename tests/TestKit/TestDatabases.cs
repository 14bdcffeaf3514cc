using FirstCome.Engines.Database;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Database = FirstCome.Engines.Database.Database;

namespace FirstCome.TestKit;

/// <summary>
/// The databases of a test run. A server is started by the first test that wants it, shared by all others, and ended with the run: register this as the assembly's fixture.
/// <c>FIRSTCOME_TEST_DATABASE=mariadb</c> or <c>mysql</c> lets whole services run on a real server instead of SQLite.
/// </summary>
public sealed class TestDatabases : IAsyncDisposable
{
    private static readonly SemaphoreSlim s_turn = new(1, 1);
    private static readonly Dictionary<string, DatabaseOptions> s_schemas = [];
    private static DatabaseServer? s_mariaDb, s_mySql;

    /// <summary>Whether whole services run on SQLite.</summary>
    public static bool AreFiles => Chosen is "sqlite";

    private static string Chosen => Environment.GetEnvironmentVariable("FIRSTCOME_TEST_DATABASE") is { Length: > 0 } chosen ? chosen : "sqlite";

    /// <summary>The run's MariaDB; skips the test where it is not installed.</summary>
    public static Task<DatabaseServer> MariaDbAsync() => OnceAsync(() => s_mariaDb, async () => s_mariaDb = await MariaDbServer.StartAsync());

    /// <summary>The run's MySQL; skips the test where it is not there.</summary>
    public static Task<DatabaseServer> MySqlAsync() => OnceAsync(() => s_mySql, async () => s_mySql = await MySqlServer.StartAsync());

    /// <summary>Makes the database of a whole service, the same at each call for one file; answers what registers it.</summary>
    public static async Task<Action<IServiceCollection>> AtAsync(string file)
    {
        if (AreFiles) { return services => services.AddDatabase(file); }
        var server = Chosen switch
        {
            "mariadb" => await MariaDbAsync(),
            "mysql" => await MySqlAsync(),
            _ => throw new InvalidOperationException($"FIRSTCOME_TEST_DATABASE must be sqlite, mariadb or mysql, but is {Chosen}."),
        };
        await s_turn.WaitAsync();
        try
        {
            if (!s_schemas.TryGetValue(file, out var options)) { s_schemas.Add(file, options = await server.CreateSchemaAsync()); }
            // A pause before a deadlock's victim runs again is the server's matter, not that of the clock that a test moves.
            return services => services.AddSingleton(provider => Database.MySql(options, TimeProvider.System, provider.GetRequiredService<ILogger<Database>>()));
        }
        finally { s_turn.Release(); }
    }

    public async ValueTask DisposeAsync()
    {
        if (s_mariaDb is not null) { await s_mariaDb.DisposeAsync(); }
        if (s_mySql is not null) { await s_mySql.DisposeAsync(); }
        (s_mariaDb, s_mySql) = (null, null);
    }

    private static async Task<DatabaseServer> OnceAsync(Func<DatabaseServer?> running, Func<Task<DatabaseServer>> start)
    {
        await s_turn.WaitAsync();
        try
        {
            if (running() is not { } server) { return await start(); }
            // A test that killed it may have failed before it started it again.
            if (server.Process.HasExited) { await server.RestartAsync(); }
            return server;
        }
        finally { s_turn.Release(); }
    }
}
