using System.Diagnostics;
using System.Globalization;
using FirstCome.AllInOne.Data;
using FirstCome.AllInOne.Start;
using FirstCome.Services.Processes;

namespace FirstCome.Services.Engines;

/// <summary>The database server that is to be had here: MySQL by its start script, else MariaDB from the PATH.</summary>
internal sealed record DatabaseProgram(string Path, bool IsMariaDb)
{
    private static readonly TimeSpan s_installMax = TimeSpan.FromMinutes(1);

    public static DatabaseProgram? Find(List<string> missing)
    {
        if (EngineProcesses.Script("FIRSTCOME_MYSQL", "mysql/server") is { } script) { return new DatabaseProgram(script, false); }
        if (EngineProcesses.OnPath("mariadbd") is { } mariaDb && EngineProcesses.OnPath("mariadb-install-db") is not null) { return new DatabaseProgram(mariaDb, true); }
        missing.Add("MySQL's start script in FIRSTCOME_MYSQL, MariaDB (apt-get install mariadb-server), or --mysql");
        return null;
    }

    /// <summary>How it is started; MariaDB's data folder is made first.</summary>
    public async Task<(ProcessPlan Plan, int Port)> PlanAsync(DataFolder data, int port, CancellationToken cancellationToken)
    {
        var portText = port.ToString(CultureInfo.InvariantCulture);
        var nothing = new Dictionary<string, string>();
        if (!IsMariaDb) { return (new ProcessPlan("mysql", Path, [data.Folder("mysql"), portText], nothing), port); }

        var folder = data.Folder("mariadb");
        string[] common = ["--no-defaults", $"--datadir={System.IO.Path.Combine(folder, "data")}", .. Environment.IsPrivilegedProcess ? ["--user=root"] : Array.Empty<string>()];
        if (!Directory.Exists(System.IO.Path.Combine(folder, "data", "mysql"))) { await InstallAsync(common, cancellationToken); }
        return (new ProcessPlan("mariadb", Path,
        [
            .. common, "--bind-address=127.0.0.1", $"--port={portText}", $"--socket={System.IO.Path.Combine(folder, "s")}", $"--pid-file={System.IO.Path.Combine(folder, "pid")}", "--skip-name-resolve",
        ], nothing), port);
    }

    private static async Task InstallAsync(string[] common, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(EngineProcesses.OnPath("mariadb-install-db")!, [.. common, "--auth-root-authentication-method=normal", "--skip-test-db"]) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var install = Process.Start(start)!;
        var output = install.StandardOutput.ReadToEndAsync(cancellationToken);
        var error = install.StandardError.ReadToEndAsync(cancellationToken);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(s_installMax);
        await install.WaitForExitAsync(limit.Token);
        if (install.ExitCode != 0) { throw new StartRefusedException($"MariaDB's data folder could not be made: {await output}{await error}"); }
    }
}
