using System.Globalization;

namespace FirstCome.TestKit;

/// <summary>MySQL itself, by a script that runs it in the foreground: <c>FIRSTCOME_MYSQL</c> names it, else <c>../shared/mysql/server</c> beside the project.</summary>
public sealed class MySqlServer(int diskMegabytes) : DatabaseServer(diskMegabytes)
{
    private const string Variable = "FIRSTCOME_MYSQL", InShared = "mysql/server";

    private readonly string _script = Needed.Script(Variable, InShared, "MySQL");

    /// <summary>Whether there is one to start.</summary>
    public static bool IsThere => Needed.HasScript(Variable, InShared);

    /// <summary>Starts one, or skips the test where there is no such script.</summary>
    public static async Task<MySqlServer> StartAsync(int diskMegabytes = 0)
    {
        var server = new MySqlServer(diskMegabytes);
        await server.RestartAsync();
        return server;
    }

    protected override Task<ChildProcess> LaunchAsync() =>
        Task.FromResult(ChildProcess.Start(_script, [Path.Combine(Folder, "server"), Port.ToString(CultureInfo.InvariantCulture), .. Relaxed, "--disable-log-bin"]));
}
