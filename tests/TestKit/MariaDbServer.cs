using System.Globalization;

namespace FirstCome.TestKit;

/// <summary>MariaDB, as <c>apt-get install mariadb-server</c> brings it.</summary>
public sealed class MariaDbServer(int diskMegabytes) : DatabaseServer(diskMegabytes)
{
    private const string HowToGetIt = "apt-get install mariadb-server, or ./test --install";
    private static readonly TimeSpan s_installMax = TimeSpan.FromSeconds(60);

    private readonly string _program = Needed.Program("mariadbd", HowToGetIt);
    private readonly string _install = Needed.Program("mariadb-install-db", HowToGetIt);

    /// <summary>Starts one, or skips the test where MariaDB is not installed.</summary>
    public static Task<MariaDbServer> StartAsync(int diskMegabytes = 0) => StartedAsync(new MariaDbServer(diskMegabytes));

    protected override async Task<IEngineProcess> PrepareAsync()
    {
        var data = Path.Combine(Folder, "data");
        string[] common = ["--no-defaults", $"--datadir={data}", .. Environment.IsPrivilegedProcess ? ["--user=root"] : Array.Empty<string>()];
        await using var install = ChildProcess.Start(_install, [.. common, "--auth-root-authentication-method=normal", "--skip-test-db"]);
        if (await install.WaitForExitAsync(s_installMax) != 0) { throw new InvalidOperationException($"mariadb-install-db failed: {install.Output}{install.Error}"); }
        return new EngineProgram(() => ChildProcess.Start(_program,
        [
            .. common, "--bind-address=127.0.0.1", string.Create(CultureInfo.InvariantCulture, $"--port={Port}"), $"--socket={Path.Combine(Folder, "s")}", $"--pid-file={Path.Combine(Folder, "pid")}",
            "--skip-name-resolve", "--innodb-buffer-pool-size=128M", .. Relaxed,
        ]));
    }
}
