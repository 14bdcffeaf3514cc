using System.Globalization;

namespace FirstCome.TestKit;

/// <summary>MySQL itself, by a script that runs it in the foreground (<c>FIRSTCOME_MYSQL</c> names it, else <c>../shared/mysql/server</c> beside the project), or as a container.</summary>
public sealed class MySqlServer(int diskMegabytes) : DatabaseServer(diskMegabytes)
{
    private const string Variable = "FIRSTCOME_MYSQL", InShared = "mysql/server";

    private readonly string? _script = Needed.ScriptOrContainer(Variable, InShared, "MySQL");

    /// <summary>Whether there is one to start.</summary>
    public static bool IsThere => Needed.HasScriptOrContainer(Variable, InShared);

    /// <summary>Starts one, or skips the test where there is neither such a script nor a container engine.</summary>
    public static Task<MySqlServer> StartAsync(int diskMegabytes = 0) => StartedAsync(new MySqlServer(diskMegabytes));

    protected override Task<IEngineProcess> PrepareAsync()
    {
        string[] options = [.. Relaxed, "--disable-log-bin"];
        return Task.FromResult<IEngineProcess>(_script is null
            ? new EngineContainer("mysql", Port, 3306, new Dictionary<string, string> { ["MYSQL_ALLOW_EMPTY_PASSWORD"] = "yes", ["MYSQL_ROOT_HOST"] = "%", ["MYSQL_INITDB_SKIP_TZINFO"] = "1" },
                ["mysqld", "--skip-name-resolve", "--performance-schema=OFF", "--mysqlx=OFF", .. options])
            : new EngineProgram(() => ChildProcess.Start(_script, [Path.Combine(Folder, "server"), Port.ToString(CultureInfo.InvariantCulture), .. options])));
    }
}
