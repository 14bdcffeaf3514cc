using System.ComponentModel;
using System.Diagnostics;

namespace FirstCome.ConfigServer.Git;

/// <summary>
/// The <c>git</c> program, for fetching over ssh alone, which the library's build cannot. Nothing of what is configured is read by a shell: git runs the
/// constant command below, whose variables hold checked paths, and the address stands in the clone's configuration.
/// </summary>
internal static class GitProgram
{
    private const int ErrorLengthMax = 500;

    private const string Ssh = "ssh -F none -i \"$FIRSTCOME_SSH_KEY\" -o IdentitiesOnly=yes -o BatchMode=yes -o StrictHostKeyChecking=yes -o GlobalKnownHostsFile=none"
        + " -o UserKnownHostsFile=\"$FIRSTCOME_KNOWN_HOSTS\" -o ForwardAgent=no -o ConnectTimeout=10 -o ServerAliveInterval=10";

    private static readonly string[] Arguments =
    [
        "--git-dir=.", "-c", "core.hooksPath=/dev/null", "-c", "protocol.allow=never", "-c", "protocol.ssh.allow=always",
        "fetch", "--quiet", "--prune", "--no-tags", "--no-recurse-submodules", "--no-auto-gc", "--", "origin",
    ];

    /// <exception cref="InvalidOperationException">It failed, or there is no such program; the message tells what it said.</exception>
    public static async Task FetchAsync(RepositoryOptions options, IEnumerable<string> refSpecs, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("git")
        {
            WorkingDirectory = Path.GetFullPath(options.RepositoryPath),
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            RedirectStandardInput = true,
        };
        foreach (var argument in Arguments.Concat(refSpecs))
            start.ArgumentList.Add(argument);
        foreach (var inherited in start.Environment.Keys.Where(key => key.StartsWith("GIT_", StringComparison.Ordinal)).ToList())
            start.Environment.Remove(inherited);
        start.Environment["GIT_SSH_COMMAND"] = Ssh;
        start.Environment["GIT_TERMINAL_PROMPT"] = "0";
        start.Environment["GIT_CONFIG_NOSYSTEM"] = "1";
        start.Environment["GIT_CONFIG_GLOBAL"] = "/dev/null";
        start.Environment["FIRSTCOME_SSH_KEY"] = Path.GetFullPath(options.Remote.SshKeyFile!);
        start.Environment["FIRSTCOME_KNOWN_HOSTS"] = Path.GetFullPath(options.Remote.KnownHostsFile!);
        using var process = Start(start);
        try
        {
            process.StandardInput.Close();
            var output = process.StandardOutput.ReadToEndAsync(cancellation);
            var error = await process.StandardError.ReadToEndAsync(cancellation);
            await output;
            await process.WaitForExitAsync(cancellation);
            if (process.ExitCode != 0)
                throw new InvalidOperationException($"git fetch: {Line(error)}");
        }
        finally
        {
            if (!process.HasExited)
                process.Kill(entireProcessTree: true);
        }
    }

    private static Process Start(ProcessStartInfo start)
    {
        try
        {
            return Process.Start(start)!;
        }
        catch (Win32Exception e)
        {
            throw new InvalidOperationException("the git program is needed for ssh:// and cannot be started; install git and ssh", e);
        }
    }

    private static string Line(string text)
    {
        var line = string.Concat(text.Select(character => char.IsControl(character) ? ' ' : character)).Trim();
        // What counts stands at the end, after ssh's banners.
        return line.Length > ErrorLengthMax ? line[^ErrorLengthMax..] : line;
    }
}
